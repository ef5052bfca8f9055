//! Compares buckets with their definition at every transition of every zone of the database.
#![cfg(test)]

#[cfg(test)]
mod definition;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use definition::{QUARTER, Quarter, offset, starts};
use metrics::{Granularity, QuarterHour, TimeRange};

/// Returns how far around a transition a granularity is checked: more than the length of a bucket.
fn surroundings(granularity: Granularity) -> TimeDelta {
    match granularity {
        Granularity::QuarterHour | Granularity::Hour | Granularity::Total => TimeDelta::hours(8),
        Granularity::Day => TimeDelta::hours(50),
        Granularity::Week(_) => TimeDelta::days(8),
        Granularity::Month | Granularity::Quarter | Granularity::Year => TimeDelta::days(32),
    }
}

/// Returns the transitions of a zone, to the minute, with the offset from UTC after each.
fn transitions(zone: Tz) -> Vec<(DateTime<Utc>, TimeDelta)> {
    let [begin, end]: [DateTime<Utc>; 2] =
        ["1990-01-01T00:00:00Z", "2030-01-01T00:00:00Z"].map(|time| time.parse().unwrap());
    let step = TimeDelta::hours(3);
    let steps = (0..).map(|number| begin + step * number).take_while(|time| *time < end);
    let mut last = offset(zone, begin);
    let mut found = Vec::new();
    for from in steps {
        if offset(zone, from + step) == last {
            continue;
        }
        for minute in (1..=180).map(|minute| from + TimeDelta::minutes(minute)) {
            let offset = offset(zone, minute);
            if offset != last {
                found.push((minute, offset));
                last = offset;
            }
        }
    }
    found
}

/// Checks that every bucket is the set of quarter hours given by the definition.
fn check(zone: Tz, granularity: Granularity, quarters: &[Quarter]) {
    let from = quarters[0].start;
    let range = TimeRange::covering(from, from + QUARTER * quarters.len() as i32).unwrap();
    let buckets = granularity.buckets(range, zone);
    let expected = starts(quarters, granularity);
    for (quarter, expected) in quarters.iter().zip(&expected) {
        let found = buckets.starts()[buckets.position(quarter.start).unwrap()];
        assert_eq!(found, *expected, "{zone} {granularity:?} from {from}: {}", quarter.start);
    }
    let expected: BTreeSet<_> = expected.into_iter().collect();
    assert!(expected.iter().eq(buckets.starts()), "{zone} {granularity:?} from {from}");
}

fn check_around(zone: Tz, transition: DateTime<Utc>) {
    let quarter = QuarterHour::containing(transition).start();
    let month = surroundings(Granularity::Month);
    let range = TimeRange::covering(quarter - month, quarter + month).unwrap();
    let quarters = Quarter::all(range, zone);
    let middle = quarters.len() / 2;
    for granularity in Granularity::ALL.into_iter().chain([Granularity::Week(Weekday::Sun)]) {
        let around = (surroundings(granularity).num_minutes() / 15) as usize;
        check(zone, granularity, &quarters[middle - around..middle + around]);
        // Ranges that begin within a bucket: from 90 minutes before the transition to 90 after it.
        for begin in middle - 6..=middle + 6 {
            check(zone, granularity, &quarters[begin..middle + 16]);
        }
    }
}

/// All distinct sets of transitions, each with one zone's name: many zones share one set.
static CLOCKS: LazyLock<Vec<(Tz, Vec<DateTime<Utc>>)>> = LazyLock::new(|| {
    let mut clocks = BTreeMap::new();
    for zone in chrono_tz::TZ_VARIANTS {
        clocks.entry(transitions(zone)).or_insert(zone);
    }
    let times = |set: Vec<(DateTime<Utc>, _)>| set.into_iter().map(|(time, _)| time).collect();
    clocks.into_iter().map(|(set, zone)| (zone, times(set))).collect()
});

#[test]
fn every_bucket_matches_its_definition_at_every_transition_of_every_zone() {
    assert!(CLOCKS.len() > 200, "{}", CLOCKS.len());
    let next = AtomicUsize::new(0);
    let check = || {
        while let Some((zone, transitions)) = CLOCKS.get(next.fetch_add(1, Ordering::Relaxed)) {
            transitions.iter().for_each(|transition| check_around(*zone, *transition));
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(check);
        }
    });
}

/// The only deviation from the definition: a quarter hour is not divided.
#[test]
fn only_these_zones_had_transitions_within_a_quarter_hour() {
    let mut within = BTreeMap::<_, BTreeSet<_>>::new();
    for (zone, transitions) in CLOCKS.iter() {
        for time in transitions.iter().filter(|time| time.minute() % 15 != 0) {
            within.entry(zone.name()).or_default().insert(time.year());
        }
    }
    let years =
        within.iter().map(|(zone, years)| (*zone, *years.first().unwrap(), *years.last().unwrap()));
    let expected = [
        ("America/Goose_Bay", 1990, 2011),
        ("America/Moncton", 1993, 2006),
        ("America/St_Johns", 1990, 2011),
        ("Antarctica/Casey", 2020, 2022),
        ("Asia/Gaza", 2010, 2011),
        ("Asia/Hebron", 2011, 2011),
    ];
    assert_eq!(years.collect::<Vec<_>>(), expected);
}
