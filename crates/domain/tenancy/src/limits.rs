use serde::{Deserialize, Serialize};

use crate::Quotas;

/// The limits of one tenant, so that it cannot slow down another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Events accepted per second, averaged over ten seconds.
    pub events_per_second: u32,
    /// Report queries running at once.
    pub concurrent_queries: u16,
    /// How long a statement of a report may take, in seconds, at most 30.
    pub query_seconds: u16,
    /// The memory that a statement of a report may take in ClickHouse, in MiB.
    pub query_memory_mib: u32,
    /// The rows that a statement of a report may read.
    pub query_rows: u64,
    /// Open live streams.
    pub live_streams: u16,
    /// Log partitions that the tenant's events spread over. Each of them causes inserts of its own,
    /// so as few as possible are best. A noisy tenant slows down only those that share its
    /// partitions.
    pub partition_spread: u16,
    /// What it may send, ask for and create over time, beside the events per second.
    pub quotas: Quotas,
}

impl Limits {
    /// The most seconds of a statement: clients do not wait much longer.
    pub const MOST_QUERY_SECONDS: u16 = 30;
    /// The most memory of a statement, in MiB.
    pub const MOST_QUERY_MEMORY_MIB: u32 = 1 << 20;
    /// The most rows that a statement may read.
    pub const MOST_QUERY_ROWS: u64 = i64::MAX.unsigned_abs();

    /// Events per second that are no burden for one partition.
    const OF_A_PARTITION: u32 = 20_000;

    /// Returns the memory that a statement of a report may take, in bytes.
    pub fn query_memory_bytes(&self) -> u64 {
        u64::from(self.query_memory_mib) << 20
    }

    /// Returns the partitions that a tenant of so many events per second needs.
    pub fn spread_for(events_per_second: u32) -> u16 {
        let partitions = events_per_second.div_ceil(Self::OF_A_PARTITION).max(1);
        partitions.try_into().unwrap_or(u16::MAX)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            events_per_second: 5_000,
            concurrent_queries: 16,
            query_seconds: Self::MOST_QUERY_SECONDS,
            query_memory_mib: 1_900,
            query_rows: 1_000_000_000,
            live_streams: 200,
            partition_spread: 1,
            quotas: Quotas::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_as_many_partitions_as_its_events_need() {
        let spreads = [0, 1, 20_000, 20_001, 100_000, u32::MAX].map(Limits::spread_for);
        assert_eq!(spreads, [1, 1, 1, 2, 5, u16::MAX]);
        let default = Limits::default();
        assert_eq!(default.partition_spread, Limits::spread_for(default.events_per_second));
    }
}
