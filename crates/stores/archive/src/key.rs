use std::fmt;

use log::LogRange;

/// The name of an object: the range of the log whose records it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(pub LogRange);

impl From<LogRange> for ObjectKey {
    fn from(range: LogRange) -> Self {
        Self(range)
    }
}

/// Its path in the archive. All numbers have their largest length, so that objects sort by them.
impl fmt::Display for ObjectKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LogRange { generation, partition, first, last } = self.0;
        write!(out, "raw/{generation:05}/{partition:05}/{first:020}-{last:020}.parquet")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_sort_by_generation_partition_and_offset() {
        let key = |generation, partition, first| {
            ObjectKey(LogRange::new(generation, partition, first, first + 9))
        };
        let keys = [key(1, 2, 90), key(1, 2, 100), key(1, 11, 0), key(2, 0, u64::MAX - 9)];
        let names: Vec<_> = keys.iter().map(ToString::to_string).collect();
        assert!(names.is_sorted(), "{names:?}");
        assert_eq!(names[0], "raw/00001/00002/00000000000000000090-00000000000000000099.parquet");
    }
}
