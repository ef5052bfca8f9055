use serde::Deserialize;
use settings::InvalidSetting;
use tenancy::Origin;

/// The section `[api]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSettings {
    /// Address and port to listen on.
    pub bind: String,
    /// Whether the last `X-Forwarded-For` address is the caller's: true behind a load balancer of
    /// ours, false when callers reach us directly and could write anything there.
    pub trust_forwarded_for: bool,
    /// Where browsers reach the collector, `scheme://host[:port]`: `/docs` sends it what is tried
    /// there.
    pub collector_url: String,
    /// Answers kept in memory.
    pub cached_answers: u64,
}

impl ApiSettings {
    /// # Errors
    /// The first setting that makes no sense.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if !self.bind.contains(':') {
            return Err(InvalidSetting::new("api.bind", "must be address:port"));
        }
        if let Err(error) = self.collector_url.parse::<Origin>() {
            return Err(InvalidSetting::new("api.collector_url", error.to_string()));
        }
        if self.cached_answers == 0 {
            return Err(InvalidSetting::new("api.cached_answers", "must be 1 or more"));
        }
        Ok(())
    }
}
