//! Places and ranges of the log, as text and as numbers.

use log::{LogPlace, LogRange, Offset, Partition};
use proptest::prelude::*;

#[test]
fn a_place_and_a_range_are_written_with_colons() {
    assert_eq!(LogPlace::new(3, 1, 41).to_string(), "3:1:41");
    assert_eq!(LogRange::new(3, 1, 41, 99).to_string(), "3:1:41-99");
}

#[test]
fn in_json_a_coordinate_is_its_number() {
    let place = LogPlace::new(3, 1, 41);
    let json = serde_json::to_value(place).unwrap();
    assert_eq!(json, serde_json::json!({"generation": 3, "partition": 1, "offset": 41}));
    assert_eq!(serde_json::from_value::<LogPlace>(json).unwrap(), place);
}

#[test]
fn the_next_of_a_range_is_the_place_after_it() {
    let range = LogRange::new(3, 1, 41, 99);
    assert_eq!(range.start(), LogPlace::new(3, 1, 41));
    assert_eq!(range.next(), LogPlace::new(3, 1, 100));
    assert!(range.next().is_beside(range.start()));
    assert!(!range.next().is_beside(LogPlace::new(4, 1, 100)));
}

#[test]
fn arithmetic_at_the_ends_saturates() {
    assert_eq!(Offset::MAX.next(), Offset::MAX);
    assert_eq!(Offset::ZERO.previous(), Offset::ZERO);
    assert_eq!(Offset::new(3) - Offset::new(5), 0);
    assert_eq!(LogRange::new(1, 0, 0, u64::MAX).len(), u64::MAX);
    assert_eq!(LogRange::new(1, 0, 5, 4).len(), 0);
    assert!(!LogRange::new(1, 0, 5, 4).contains(Offset::new(5)));
}

#[test]
fn a_topic_of_three_partitions_has_0_to_2() {
    let all: Vec<_> = Partition::all(3).map(Partition::get).collect();
    assert_eq!(all, [0, 1, 2]);
}

proptest! {
    #[test]
    fn a_range_contains_as_many_offsets_as_its_length(first in 0..40_u64, last in 0..40_u64) {
        let range = LogRange::new(1, 0, first, last);
        let contained = (0..50).filter(|offset| range.contains(Offset::new(*offset))).count();
        prop_assert_eq!(range.len(), contained as u64);
        prop_assert_eq!(range.is_empty(), contained == 0);
    }
}
