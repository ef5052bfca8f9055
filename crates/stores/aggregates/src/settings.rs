use serde::Deserialize;
use settings::{InvalidSetting, Secret};
use tls::TlsSettings;

/// The address of Redis, and the layout of its keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSettings {
    /// `redis://[user:password@]host:port/db`; with TLS `rediss://…`.
    pub url: Secret,
    /// The number of slot groups: 1 on a single server, at least the number of primaries in a Redis
    /// cluster. After a change the live counters are rebuilt from ClickHouse, which meanwhile
    /// answers for their hours.
    pub slot_buckets: u16,
    /// The prefix of every key, so that several platforms can share a server. It may be empty, and
    /// consists of `a-z`, `0-9` and `-`.
    pub namespace: String,
    /// Certificates, for `rediss://`.
    #[serde(default)]
    pub tls: TlsSettings,
}

impl RedisSettings {
    /// The most slot groups, since every batch of the log runs a script in each.
    const MAX_SLOT_GROUPS: u16 = 256;

    /// Checks the values.
    ///
    /// # Errors
    /// Names the first setting that is wrong, and what is allowed.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if !(1..=Self::MAX_SLOT_GROUPS).contains(&self.slot_buckets) {
            return Err(InvalidSetting::new("redis.slot_buckets", "must be 1 to 256"));
        }
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !self.namespace.bytes().all(plain) {
            return Err(InvalidSetting::new("redis.namespace", "must hold a-z, 0-9 and '-' only"));
        }
        let url = self.url.expose();
        // The driver knows other schemes, too.
        if !url.starts_with("redis://") && !self.has_tls() {
            let reason = "must begin with redis:// or rediss://";
            return Err(InvalidSetting::new("redis.url", reason));
        }
        if url.contains('#') {
            let reason = "must have no `#`: nothing of the checks of certificates can be changed";
            return Err(InvalidSetting::new("redis.url", reason));
        }
        if !self.tls.is_empty() && !self.has_tls() {
            let reason = "must begin with rediss://, since redis.tls names certificates";
            return Err(InvalidSetting::new("redis.url", reason));
        }
        self.tls.validate_link("redis.tls")
    }

    /// Whether the link has TLS.
    pub(crate) fn has_tls(&self) -> bool {
        self.url.expose().starts_with("rediss://")
    }
}
