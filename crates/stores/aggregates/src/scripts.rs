use redis::Script;

/// What runs inside Redis.
pub(crate) struct Scripts {
    pub(crate) apply: Script,
    pub(crate) start_chain: Script,
    pub(crate) admit: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            apply: Script::new(include_str!("scripts/apply.lua")),
            start_chain: Script::new(include_str!("scripts/start_chain.lua")),
            admit: Script::new(include_str!("scripts/admit.lua")),
        }
    }
}
