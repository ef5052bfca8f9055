use std::path::PathBuf;

use recent_ids::{Memory, RecentIdsError};
use serde::Deserialize;
use settings::InvalidSetting;

/// How batches are cut, and where it says how it is: section `processor`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessorSettings {
    /// Where health and metrics are served: host:port; empty: nowhere.
    pub bind: String,
    /// A name that this process keeps over restarts, such as its pod's, and shares with no other.
    /// With one, a restarted process has its partitions back at once; empty: within six seconds.
    pub instance: String,
    /// Records of one insert into ClickHouse, 1 to 100,000: a tenth of it is enough while the sink
    /// keeps up, five times as many are the most when it is behind.
    pub store_batch_records: usize,
    /// How long the first record of such a batch waits for others while the sink keeps up, in
    /// milliseconds; five times as long when it does not.
    pub store_batch_ms: u64,
    /// What the batches of all partitions together may hold, in MiB of the log. Read and made into
    /// rows, records take about three times as much memory.
    pub store_memory_mib: usize,
    /// At how many poison records among the last 10,000 a partition stands still instead of setting
    /// them aside.
    pub store_poison_limit: usize,
    /// The most records of one update of Redis.
    pub live_batch_records: usize,
    /// How long the first record of such a batch waits for others, in milliseconds.
    pub live_batch_ms: u64,
    /// The most records of one object of the archive.
    pub archive_batch_records: usize,
    /// What the records of one object may take up in memory, in MiB; compressed they are less.
    pub archive_batch_mib: usize,
    /// How long the first record of an object waits for others, in milliseconds.
    pub archive_batch_ms: u64,
    /// What the records on their way into the archive may take up in memory, over all partitions, in
    /// MiB. Where it is short, objects are smaller.
    pub archive_memory_mib: usize,
    /// How often what was stored lately is audited, in seconds: 1 to 3,600.
    pub audit_seconds: u64,
    /// What the event ids of the last 24 hours may take in memory, in MiB: some 50,000 ids each.
    pub recent_ids_memory_mib: usize,
    /// Where those go that do not fit. Nothing in it outlives the process.
    pub recent_ids_folder: PathBuf,
}

impl ProcessorSettings {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// Names the setting that does not.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if !self.bind.is_empty() && !self.bind.contains(':') {
            return Err(InvalidSetting::new("processor.bind", "must be address:port, or empty"));
        }
        let within = |key, value: usize, most: usize| match value {
            0 => Err(InvalidSetting::new(key, "must be 1 or more")),
            value if value > most => {
                Err(InvalidSetting::new(key, format!("must be at most {most}")))
            }
            _ => Ok(()),
        };
        if !(1..=3_600).contains(&self.audit_seconds) {
            return Err(InvalidSetting::new("processor.audit_seconds", "must be 1 to 3600"));
        }
        within("processor.store_batch_records", self.store_batch_records, 100_000)?;
        within("processor.store_memory_mib", self.store_memory_mib, 1 << 20)?;
        within("processor.store_poison_limit", self.store_poison_limit, 10_000)?;
        within(
            "processor.live_batch_records",
            self.live_batch_records,
            aggregates::MAX_BATCH_EVENTS,
        )?;
        within("processor.archive_batch_records", self.archive_batch_records, 1_000_000)?;
        within("processor.archive_memory_mib", self.archive_memory_mib, 1 << 20)?;
        within("processor.archive_batch_mib", self.archive_batch_mib, self.archive_memory_mib)?;
        within("processor.recent_ids_memory_mib", self.recent_ids_memory_mib, 1 << 20)?;
        if self.recent_ids_folder.as_os_str().is_empty() {
            return Err(InvalidSetting::new("processor.recent_ids_folder", "must not be empty"));
        }
        Ok(())
    }

    /// The memory for event ids that these settings describe.
    pub(crate) fn recent_ids(&self) -> Result<Memory, RecentIdsError> {
        Memory::new(self.recent_ids_memory_mib << 20, &self.recent_ids_folder)
    }
}
