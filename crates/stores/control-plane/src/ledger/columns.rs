//! Places of the log as PostgreSQL stores them.

use log::{Generation, LogPlace, Offset, Partition};

use crate::ControlPlaneError;

/// The column of a generation or a partition.
pub(crate) fn integer(coordinate: impl Into<u16>) -> i32 {
    coordinate.into().into()
}

/// The column of an offset. Those past the largest that the tables can hold become that.
pub(crate) fn bigint(offset: Offset) -> i64 {
    i64::try_from(offset.get()).unwrap_or(i64::MAX)
}

pub(crate) fn offset(bigint: i64) -> Offset {
    Offset::new(bigint.cast_unsigned())
}

pub(crate) fn generation(integer: i32) -> Result<Generation, ControlPlaneError> {
    let generation = u16::try_from(integer).map(Generation::new);
    generation.map_err(ControlPlaneError::corrupt("log generation"))
}

pub(crate) fn place(
    generation: i32,
    partition: i32,
    offset: i64,
) -> Result<LogPlace, ControlPlaneError> {
    let partition = u16::try_from(partition).map(Partition::new);
    Ok(LogPlace {
        generation: self::generation(generation)?,
        partition: partition.map_err(ControlPlaneError::corrupt("log partition"))?,
        offset: self::offset(offset),
    })
}
