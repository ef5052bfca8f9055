use serde::{Deserialize, Serialize};

/// What one tenant may use, so that it cannot slow another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Events accepted per second, averaged over ten seconds.
    pub events_per_second: u32,
    /// Report queries running at once.
    pub concurrent_queries: u16,
    /// Open live streams.
    pub live_streams: u16,
    /// Log partitions the tenant's events spread over: small tenants touch few, so that their
    /// inserts are few, and a noisy one cannot fill all.
    pub partition_spread: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            events_per_second: 5_000,
            concurrent_queries: 16,
            live_streams: 200,
            partition_spread: 4,
        }
    }
}
