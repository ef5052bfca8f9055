use control_plane::{Group, Poison};
use log::Partition;
use telemetry::Counter;

/// Logs and counts records that are skipped as poison.
pub(super) fn log_poison(partition: Partition, poison: &[Poison]) {
    let Some(first) = poison.first() else { return };
    Counter::PoisonRecords.add(&[Group::Store.as_str()], poison.len() as u64);
    tracing::error!(
        %partition,
        skipped = poison.len(),
        %first.offset,
        first.reason,
        "poison records"
    );
}
