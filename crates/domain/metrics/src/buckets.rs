use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{Granularity, TimeRange, clock::EvenStretch, granularity::Reading};

/// The buckets of a range.
///
/// Usually a bucket is one stretch of time. If the local time goes back over midnight, a date ends
/// and resumes: its bucket then has two stretches, and the next date's bucket begins in between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Buckets {
    starts: Vec<DateTime<Utc>>,
    stretches: Vec<Stretch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    from: DateTime<Utc>,
    bucket: usize,
}

impl Buckets {
    pub(crate) fn new(granularity: Granularity, range: TimeRange, zone: Tz) -> Self {
        let mut buckets = Self::default();
        let mut known = BTreeMap::<Reading, Vec<(TimeDelta, usize)>>::new();
        for even in EvenStretch::all(range, zone) {
            let mut time = even.from;
            while time < even.to {
                let same = known.entry(granularity.reading(even.reading(time))).or_default();
                let earlier = same
                    .iter()
                    .find(|(offset, _)| granularity.joins(*offset, even.offset))
                    .map(|(_, bucket)| *bucket);
                let bucket = earlier.unwrap_or(buckets.starts.len());
                if earlier.is_none() {
                    same.push((even.offset, bucket));
                    buckets.starts.push(time);
                }
                if buckets.stretches.last().is_none_or(|last| last.bucket != bucket) {
                    buckets.stretches.push(Stretch { from: time, bucket });
                }
                time = even.next_multiple(time, granularity.step());
            }
        }
        buckets
    }

    /// Returns buckets of one stretch each, which begin at these times, ascending.
    pub(crate) fn of(starts: Vec<DateTime<Utc>>) -> Self {
        let each = starts.iter().enumerate();
        let stretches = each.map(|(bucket, from)| Stretch { from: *from, bucket }).collect();
        Self { starts, stretches }
    }

    /// Returns the first moments of the buckets, ascending. The first is cut to the range.
    pub fn starts(&self) -> &[DateTime<Utc>] {
        &self.starts
    }

    /// Returns the index of the bucket that contains `time`; none before the first. The last bucket
    /// has no end.
    pub fn position(&self, time: DateTime<Utc>) -> Option<usize> {
        let after = self.stretches.partition_point(|stretch| stretch.from <= time);
        self.stretches.get(after.checked_sub(1)?).map(|stretch| stretch.bucket)
    }

    /// Returns the stretches in order, without gaps: the start of each, and the start of its
    /// bucket.
    pub fn stretches(&self) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        self.stretches
            .iter()
            .filter_map(|stretch| Some((stretch.from, *self.starts.get(stretch.bucket)?)))
    }
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;

    use super::*;

    fn starts(granularity: Granularity, from: &str, to: &str, zone: Tz) -> Vec<String> {
        let range = TimeRange::covering(from.parse().unwrap(), to.parse().unwrap()).unwrap();
        let buckets = granularity.buckets(range, zone);
        buckets.starts().iter().map(|start| start.with_timezone(&zone).to_rfc3339()).collect()
    }

    #[test]
    fn hours_in_india_begin_at_half_past_in_utc() {
        let starts = starts(
            Granularity::Hour,
            "2026-03-01T00:00:00Z",
            "2026-03-01T02:00:00Z",
            chrono_tz::Asia::Kolkata,
        );
        assert_eq!(
            starts,
            ["2026-03-01T05:30:00+05:30", "2026-03-01T06:00:00+05:30", "2026-03-01T07:00:00+05:30"]
        );
    }

    #[test]
    fn the_day_of_a_transition_is_one_day() {
        let zone = chrono_tz::Europe::Berlin;
        let days = starts(Granularity::Day, "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z", zone);
        assert_eq!(
            days,
            ["2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"]
        );
    }

    #[test]
    fn an_hour_that_occurs_twice_is_two_buckets() {
        let zone = chrono_tz::Europe::Berlin;
        let hours = starts(Granularity::Hour, "2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z", zone);
        assert_eq!(
            hours,
            ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"]
        );
    }

    #[test]
    fn an_hour_of_which_a_part_occurs_twice_is_one_longer_bucket() {
        let zone = chrono_tz::Australia::Lord_Howe;
        let hours = starts(Granularity::Hour, "2026-04-04T14:00:00Z", "2026-04-04T17:00:00Z", zone);
        assert_eq!(
            hours,
            ["2026-04-05T01:00:00+11:00", "2026-04-05T02:00:00+10:30", "2026-04-05T03:00:00+10:30"]
        );
    }

    #[test]
    fn an_hour_of_which_a_part_is_skipped_is_a_shorter_bucket() {
        let zone = chrono_tz::Australia::Lord_Howe;
        let hours = starts(Granularity::Hour, "2026-10-03T14:30:00Z", "2026-10-03T17:00:00Z", zone);
        assert_eq!(
            hours,
            ["2026-10-04T01:00:00+10:30", "2026-10-04T02:30:00+11:00", "2026-10-04T03:00:00+11:00"]
        );
    }

    #[test]
    fn time_after_a_skipped_midnight_belongs_to_the_new_day() {
        let zone = chrono_tz::Asia::Pyongyang;
        let from = "2018-05-04T14:30:00Z";
        let to = "2018-05-04T16:30:00Z";
        assert_eq!(
            starts(Granularity::Hour, from, to, zone),
            ["2018-05-04T23:00:00+08:30", "2018-05-05T00:00:00+09:00", "2018-05-05T01:00:00+09:00"]
        );
        assert_eq!(
            starts(Granularity::Day, from, to, zone),
            ["2018-05-04T23:00:00+08:30", "2018-05-05T00:00:00+09:00"]
        );
    }

    #[test]
    fn a_day_that_the_calendar_skips_has_no_bucket() {
        let zone = chrono_tz::Pacific::Apia;
        let days = starts(Granularity::Day, "2011-12-28T10:00:00Z", "2012-01-01T10:00:00Z", zone);
        assert_eq!(
            days,
            [
                "2011-12-28T00:00:00-10:00",
                "2011-12-29T00:00:00-10:00",
                "2011-12-31T00:00:00+14:00",
                "2012-01-01T00:00:00+14:00",
            ]
        );
    }

    #[test]
    fn a_day_that_ends_and_resumes_is_one_bucket() {
        // At 02:00 on the 5th the clock went back three hours, to 23:00 on the 4th.
        let zone = chrono_tz::Antarctica::Casey;
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let range = TimeRange::covering(at("2010-03-03T13:00:00Z"), at("2010-03-05T16:00:00Z"));
        let days = Granularity::Day.buckets(range.unwrap(), zone);
        let fourth = at("2010-03-03T13:00:00Z");
        let fifth = at("2010-03-04T13:00:00Z");
        assert_eq!(days.starts(), [fourth, fifth]);
        let stretches: Vec<_> = days.stretches().collect();
        let back = at("2010-03-04T15:00:00Z");
        let again = at("2010-03-04T16:00:00Z");
        assert_eq!(stretches, [(fourth, fourth), (fifth, fifth), (back, fourth), (again, fifth)]);
        assert_eq!(days.position(at("2010-03-04T15:59:59Z")), Some(0));
        assert_eq!(days.position(at("2010-03-03T12:59:59Z")), None);
    }

    #[test]
    fn a_quarter_hour_cut_by_a_transition_belongs_to_its_longer_part() {
        // At 00:01 on the 6th the clock went back to 23:01 on the 5th.
        let zone = chrono_tz::America::St_Johns;
        let days = starts(Granularity::Day, "2005-10-30T00:00:00Z", "2005-10-31T00:00:00Z", zone);
        assert_eq!(days, ["2005-10-29T21:30:00-02:30", "2005-10-30T00:00:00-03:30"]);
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_after_the_transition() {
        let zone = chrono_tz::America::Santiago;
        let days = starts(Granularity::Day, "2026-09-05T04:00:00Z", "2026-09-07T03:00:00Z", zone);
        assert_eq!(days[1], "2026-09-06T01:00:00-03:00");
    }

    #[test]
    fn weeks_begin_on_the_given_day_and_months_on_the_first() {
        for (day, expected) in [
            (Weekday::Mon, ["2026-12-23", "2026-12-28", "2027-01-04"]),
            (Weekday::Sun, ["2026-12-23", "2026-12-27", "2027-01-03"]),
            (Weekday::Sat, ["2026-12-23", "2026-12-26", "2027-01-02"]),
            (Weekday::Wed, ["2026-12-23", "2026-12-30", "2027-01-06"]),
        ] {
            let [from, to] = ["2026-12-23T00:00:00Z", "2027-01-07T00:00:00Z"];
            let weeks = starts(Granularity::Week(day), from, to, Tz::UTC);
            let expected = expected.map(|date| format!("{date}T00:00:00+00:00"));
            assert_eq!(weeks[..3], expected, "{day}");
        }
        let months =
            starts(Granularity::Month, "2026-12-30T00:00:00Z", "2027-02-02T00:00:00Z", Tz::UTC);
        assert_eq!(
            months,
            ["2026-12-30T00:00:00+00:00", "2027-01-01T00:00:00+00:00", "2027-02-01T00:00:00+00:00"]
        );
    }

    #[test]
    fn the_total_is_one_bucket() {
        let total =
            starts(Granularity::Total, "2020-01-01T00:00:00Z", "2024-01-01T00:00:00Z", Tz::UTC);
        assert_eq!(total.len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn buckets_ascend_and_stay_within_the_range(
            from in 0i64..4_000_000_000, length in 900i64..2_600_000, zone in 0usize..600, which in 0..Granularity::ALL.len(),
        ) {
            let zone = chrono_tz::TZ_VARIANTS[zone % chrono_tz::TZ_VARIANTS.len()];
            let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
            let range = TimeRange::covering(at(from), at(from + length)).unwrap();
            let buckets = Granularity::ALL[which].buckets(range, zone);
            let starts = buckets.starts();
            proptest::prop_assert_eq!(starts[0], range.from());
            proptest::prop_assert!(starts.windows(2).all(|pair| pair[0] < pair[1]));
            proptest::prop_assert!(*starts.last().unwrap() < range.to());
        }
    }
}
