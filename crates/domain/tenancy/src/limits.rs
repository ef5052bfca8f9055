use serde::{Deserialize, Serialize};

/// The limits of one tenant, so that it cannot slow down another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Events accepted per second, averaged over ten seconds.
    pub events_per_second: u32,
    /// Report queries running at once.
    pub concurrent_queries: u16,
    /// Open live streams.
    pub live_streams: u16,
    /// Log partitions that the tenant's events spread over. Each of them causes inserts of its own,
    /// so one is best up to some 20,000 events per second. A noisy tenant slows down only those that
    /// share its partitions.
    pub partition_spread: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            events_per_second: 5_000,
            concurrent_queries: 16,
            live_streams: 200,
            partition_spread: 1,
        }
    }
}
