use std::fmt;

/// Which records an object holds: those of one partition between two offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The generation of the log.
    pub kgen: u16,
    /// The partition of the log.
    pub partition: u16,
    /// The first offset.
    pub first: u64,
    /// The last offset, included.
    pub last: u64,
}

/// Its place in the archive. All numbers are as long as they can get, so that objects sort by them.
impl fmt::Display for ObjectKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kgen, partition, first, last } = self;
        write!(out, "raw/{kgen:05}/{partition:05}/{first:020}-{last:020}.parquet")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_sort_by_generation_partition_and_offset() {
        let key = |kgen, partition, first| ObjectKey { kgen, partition, first, last: first + 9 };
        let keys = [key(1, 2, 90), key(1, 2, 100), key(1, 11, 0), key(2, 0, u64::MAX - 9)];
        let names: Vec<_> = keys.iter().map(ToString::to_string).collect();
        assert!(names.is_sorted(), "{names:?}");
        assert_eq!(names[0], "raw/00001/00002/00000000000000000090-00000000000000000099.parquet");
    }
}
