use redis::Script;

/// The Lua scripts that run inside Redis.
pub(crate) struct Scripts {
    pub(crate) apply: Script,
    pub(crate) start_chain: Script,
    pub(crate) join_rebuild: Script,
    pub(crate) add_base: Script,
    pub(crate) finish_rebuild: Script,
    pub(crate) admit: Script,
    pub(crate) admit_names: Script,
    pub(crate) begin_login: Script,
    pub(crate) succeed_login: Script,
    pub(crate) claim_ticket: Script,
    pub(crate) hold_ticket: Script,
    pub(crate) keep_read: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            apply: with_operations(include_str!("scripts/apply.lua")),
            start_chain: Script::new(include_str!("scripts/start_chain.lua")),
            join_rebuild: Script::new(include_str!("scripts/join_rebuild.lua")),
            add_base: with_operations(include_str!("scripts/add_base.lua")),
            finish_rebuild: Script::new(include_str!("scripts/finish_rebuild.lua")),
            admit: Script::new(include_str!("scripts/admit.lua")),
            admit_names: Script::new(include_str!("scripts/admit_names.lua")),
            begin_login: Script::new(include_str!("scripts/begin_login.lua")),
            succeed_login: Script::new(include_str!("scripts/succeed_login.lua")),
            claim_ticket: Script::new(include_str!("scripts/claim_ticket.lua")),
            hold_ticket: Script::new(include_str!("scripts/hold_ticket.lua")),
            keep_read: Script::new(include_str!("scripts/keep_read.lua")),
        }
    }
}

/// Prepends `operations.lua`, since scripts in Redis cannot import.
fn with_operations(script: &str) -> Script {
    Script::new(&[include_str!("scripts/operations.lua"), script].concat())
}
