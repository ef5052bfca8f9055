use std::{path::PathBuf, time::Duration};

use recent_ids::{Memory, RecentIdsError};
use serde::Deserialize;
use settings::InvalidSetting;

/// How batches are cut, and where health and metrics are served: section `processor`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessorSettings {
    /// The address of health and metrics: host:port; empty: none.
    pub bind: String,
    /// A name that this process keeps across restarts, such as its pod's, and shares with no other.
    /// With one, a restarted process gets its partitions back at once; empty: within six seconds.
    pub instance: String,
    /// Records of one insert into ClickHouse, 1 to 100,000. A batch has at least a tenth of them while
    /// the group keeps up, and at most five times as many when it is behind.
    pub store_batch_records: usize,
    /// How long the first record of such a batch waits for others while the sink keeps up, in
    /// milliseconds; five times as long when it does not.
    pub store_batch_ms: u64,
    /// The most that the batches of all partitions together may hold, in MiB of the log. With the
    /// rows that are made of them, they take up to twice as much memory.
    pub store_memory_mib: usize,
    /// How many poison records among the last 10,000 halt a partition; fewer are skipped.
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
    /// The most memory of records on their way into the archive, over all partitions, in MiB. If it is
    /// short, objects are smaller.
    pub archive_memory_mib: usize,
    /// How often the rows stored lately are reconciled with the ledger, in seconds: 1 to 3,600.
    pub reconcile_seconds: u64,
    /// The old name of `reconcile_seconds`; deprecated. If it is set, it counts.
    #[serde(default)]
    pub audit_seconds: Option<u64>,
    /// The most rows of a moved tenant that are copied in a second: 1 to 10,000,000.
    pub move_rows_per_second: u64,
    /// How long both sides of a move stay complete after the reads have changed sides, in seconds: longer than any
    /// process uses an older answer about a tenant, and than any report takes. 1 to 86,400.
    pub move_grace_seconds: u64,
    /// How long after an erasure of persons had the live counters of a slot group computed again the next one may, in
    /// seconds: 0 to 86,400. Erasures that wait share the next time.
    pub recount_pause_seconds: u64,
    /// The most memory of the event ids of the last 24 hours, in MiB: some 50,000 ids each.
    pub recent_ids_memory_mib: usize,
    /// The folder of the ids that do not fit. Its contents do not outlive the process.
    pub recent_ids_folder: PathBuf,
}

impl ProcessorSettings {
    /// Checks the values.
    ///
    /// # Errors
    /// Names the setting that is wrong.
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
        let periods = [
            ("processor.reconcile_seconds", Some(self.reconcile_seconds)),
            ("processor.audit_seconds", self.audit_seconds),
        ];
        for (key, period) in periods {
            if period.is_some_and(|seconds| !(1..=3_600).contains(&seconds)) {
                return Err(InvalidSetting::new(key, "must be 1 to 3600"));
            }
        }
        if !(1..=10_000_000).contains(&self.move_rows_per_second) {
            let wrong = "must be 1 to 10000000";
            return Err(InvalidSetting::new("processor.move_rows_per_second", wrong));
        }
        if !(1..=86_400).contains(&self.move_grace_seconds) {
            let wrong = "must be 1 to 86400";
            return Err(InvalidSetting::new("processor.move_grace_seconds", wrong));
        }
        if self.recount_pause_seconds > 86_400 {
            let wrong = "must be 0 to 86400";
            return Err(InvalidSetting::new("processor.recount_pause_seconds", wrong));
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

    /// How often the ledger is reconciled with tables and archive.
    pub(crate) fn reconcile_period(&self) -> Duration {
        Duration::from_secs(self.audit_seconds.unwrap_or(self.reconcile_seconds))
    }

    /// How long both sides of a move stay complete after the reads have changed sides.
    pub(crate) fn move_grace(&self) -> Duration {
        Duration::from_secs(self.move_grace_seconds)
    }

    /// How long after a recount of a slot group the next one may begin.
    pub(crate) fn recount_pause(&self) -> Duration {
        Duration::from_secs(self.recount_pause_seconds)
    }

    /// The memory for event ids that these settings describe.
    pub(crate) fn recent_ids(&self) -> Result<Memory, RecentIdsError> {
        Memory::new(self.recent_ids_memory_mib << 20, &self.recent_ids_folder)
    }
}
