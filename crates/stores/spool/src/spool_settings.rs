use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use settings::InvalidSetting;

/// Where events wait while Kafka is away, and how many: section `spool`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpoolSettings {
    /// A folder of this process alone, on a disk that outlives it.
    pub folder: PathBuf,
    /// Most bytes of all segments together; 0 keeps nothing.
    pub max_bytes: u64,
    /// How full the folder's file system may become, whoever fills it, in percent.
    pub max_disk_percent: u8,
    /// When a segment is followed by the next one: its size, in MiB.
    pub segment_mib: u64,
    /// When a segment is followed by the next one: its age, in seconds.
    pub segment_seconds: u64,
}

impl SpoolSettings {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first setting that is wrong, and what would be right.
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
