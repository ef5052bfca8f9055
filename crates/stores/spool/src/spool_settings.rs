use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use settings::InvalidSetting;

/// Where events wait while Kafka is unavailable, and how many: section `spool`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpoolSettings {
    /// A folder for this process alone, on a disk that outlives it.
    pub folder: PathBuf,
    /// The limit of all segments together, in bytes; 0 disables the spool.
    pub max_bytes: u64,
    /// How full the folder's file system may be, including all other files, in percent.
    pub max_disk_percent: u8,
    /// The size of a segment after which the next begins, in MiB.
    pub segment_mib: u64,
    /// The age of a segment after which the next begins, in seconds.
    pub segment_seconds: u64,
}

impl SpoolSettings {
    /// Validates the values.
    ///
    /// # Errors
    /// The first invalid setting, and what is valid.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if self.folder.as_os_str().is_empty() {
            return Err(InvalidSetting::new("spool.folder", "must not be empty"));
        }
        if !(1..=100).contains(&self.max_disk_percent) {
            return Err(InvalidSetting::new("spool.max_disk_percent", "must be 1 to 100"));
        }
        if !(1..=1_024).contains(&self.segment_mib) {
            return Err(InvalidSetting::new("spool.segment_mib", "must be 1 to 1024"));
        }
        if !(1..=86_400).contains(&self.segment_seconds) {
            return Err(InvalidSetting::new("spool.segment_seconds", "must be 1 to 86400"));
        }
        Ok(())
    }

    pub(crate) fn segment_bytes(&self) -> u64 {
        self.segment_mib << 20
    }

    pub(crate) fn segment_age(&self) -> Duration {
        Duration::from_secs(self.segment_seconds)
    }
}
