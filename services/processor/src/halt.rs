use std::{fmt::Display, time::Duration};

use control_plane::Group;
use log::Partition;
use telemetry::Gauge;

/// How long a halted partition waits before it tries again.
pub(crate) const RECHECK: Duration = Duration::from_secs(10);

/// A halted partition: its worker waits for an operator and skips nothing. The gauge
/// `footfall_partitions_halted` counts it until this is dropped; other partitions go on.
pub(crate) struct Halt {
    group: Group,
}

impl Halt {
    /// Halts a partition. The log names the reason and what an operator can do.
    pub(crate) fn new(
        group: Group,
        partition: Partition,
        reason: &(dyn Display + Sync),
        remedy: &'static str,
    ) -> Self {
        let sink = group.as_str();
        tracing::error!(sink, %partition, %reason, remedy, "the partition is halted");
        Gauge::PartitionsHalted.add(&[sink], 1);
        Self { group }
    }
}

impl Drop for Halt {
    fn drop(&mut self) {
        Gauge::PartitionsHalted.add(&[self.group.as_str()], -1);
    }
}
