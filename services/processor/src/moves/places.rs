use log::{Generation, LogPlace, Offset};
use warehouse::LogFrontier;

/// Returns the frontier of these places: rows before them, and of earlier generations, are below it.
pub(super) fn frontier(places: &[LogPlace]) -> LogFrontier {
    let generation = places.iter().map(|place| place.generation).max();
    let generation = generation.unwrap_or(Generation::new(0));
    let latest = || places.iter().filter(|place| place.generation == generation);
    let partitions = latest().map(|place| usize::from(place.partition.get()) + 1).max();
    let mut offsets = vec![Offset::ZERO; partitions.unwrap_or_default()];
    for place in latest() {
        if let Some(offset) = offsets.get_mut(usize::from(place.partition.get())) {
            *offset = place.offset;
        }
    }
    LogFrontier { generation, offsets }
}

/// Whether everything before `places` is done, up to `done` in each partition of the latest generation. The
/// partitions of a topic that was recreated since then are not processed any further.
pub(super) fn are_done(places: &[LogPlace], done: &[LogPlace]) -> bool {
    let latest = done.iter().map(|place| place.generation).max();
    places.iter().all(|place| {
        latest.is_some_and(|latest| latest > place.generation)
            || done.iter().any(|done| done.is_beside(*place) && done.offset >= place.offset)
    })
}

#[cfg(test)]
mod tests {
    use log::Partition;

    use super::*;

    #[test]
    fn a_frontier_has_the_places_of_the_latest_generation_and_all_before() {
        let places = [LogPlace::new(1, 0, 99), LogPlace::new(2, 0, 5), LogPlace::new(2, 2, 7)];
        let frontier = frontier(&places);
        let end = |generation: u16, partition: u16| {
            frontier.end(Generation::new(generation), Partition::new(partition)).get()
        };
        assert_eq!([end(2, 0), end(2, 1), end(2, 2), end(2, 3)], [5, 0, 7, 0]);
        assert_eq!((end(1, 0), end(3, 0)), (u64::MAX, 0));
    }

    #[test]
    fn what_was_planned_before_is_done_once_every_mark_has_passed_it() {
        let places = [LogPlace::new(2, 0, 5), LogPlace::new(2, 1, 0)];
        let done = |first: u64, second: u64| {
            are_done(&places, &[LogPlace::new(2, 0, first), LogPlace::new(2, 1, second)])
        };
        assert!(!done(4, 9));
        assert!(done(5, 0));
        assert!(!are_done(&places, &[LogPlace::new(2, 0, 5)]), "a partition without a mark");
        assert!(are_done(&places, &[LogPlace::new(3, 0, 0)]), "the topic was recreated");
        assert!(are_done(&[], &[]));
    }
}
