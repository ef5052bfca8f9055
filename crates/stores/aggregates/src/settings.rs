use serde::Deserialize;
use settings::{InvalidSetting, Secret};

/// Where Redis is, and how its keys are spread.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSettings {
    /// `redis://[user:password@]host:port/db`.
    pub url: Secret,
    /// Hash slots the tenants' keys are spread over: 1 on a single server, at least the number of
    /// primaries in a Redis cluster. After a change the live counters are built anew from ClickHouse,
    /// which answers for their hours meanwhile.
    pub slot_buckets: u16,
    /// Put before every key, so that several platforms can share a server; may be empty. `a-z`,
    /// `0-9` and `-`.
    pub namespace: String,
}

impl RedisSettings {
    /// Most buckets: every batch of the log touches each.
    const MAX_BUCKETS: u16 = 256;

    /// Checks what types cannot.
    ///
    /// # Errors
    /// The first setting that is wrong, and what would be right.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if !(1..=Self::MAX_BUCKETS).contains(&self.slot_buckets) {
            return Err(InvalidSetting::new("redis.slot_buckets", "must be 1 to 256"));
        }
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !self.namespace.bytes().all(plain) {
            return Err(InvalidSetting::new("redis.namespace", "must hold a-z, 0-9 and '-' only"));
        }
        Ok(())
    }
}
