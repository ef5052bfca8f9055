//! Kafka's numbers as coordinates of the log, and back.

use log::{Offset, Partition};
use rdkafka::Offset as KafkaOffset;

/// Returns the partition of Kafka's `number`, or nothing where it is not one.
pub(crate) fn partition(number: i32) -> Option<Partition> {
    u16::try_from(number).ok().map(Partition::new)
}

/// Returns the offset of Kafka's `number`, or nothing where it is not one.
pub(crate) fn offset(number: i64) -> Option<Offset> {
    u64::try_from(number).ok().map(Offset::new)
}

/// Returns Kafka's number for `partition`.
pub(crate) fn kafka_partition(partition: Partition) -> i32 {
    i32::from(partition.get())
}

/// Returns Kafka's form of `offset`.
pub(crate) fn kafka_offset(offset: Offset) -> KafkaOffset {
    KafkaOffset::Offset(offset.get().try_into().unwrap_or(i64::MAX))
}
