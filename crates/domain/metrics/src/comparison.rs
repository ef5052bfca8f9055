use std::collections::BTreeMap;

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, Months, NaiveDateTime, NaiveTime, TimeDelta,
    TimeZone, Utc,
};
use chrono_tz::Tz;

use crate::{Buckets, Granularity, QuarterHour, RangeError, TimeRange};

/// The period that a range is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// The period before, of the same length: whole months before whole months, whole days before
    /// a range that begins at midnight, so that "today so far" is compared with yesterday up to the
    /// same time.
    Previous,
    /// The same days a week earlier.
    Week,
    /// The same days a year earlier.
    Year,
    /// Any other range.
    Custom(TimeRange),
}

/// What days of the two periods have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Match {
    /// The date, or the place in the period.
    Date,
    /// The day of the week: the period begins a whole number of weeks earlier.
    Weekday,
}

/// A comparison of a range with an earlier period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// The period.
    pub period: Period,
    /// What its days have in common with those of the range.
    pub matched: Match,
}

/// How far the earlier period is from the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shift {
    /// Days of the local calendar.
    Days(u64),
    /// Months of the local calendar.
    Months(u32),
    /// A length of time.
    Exact(TimeDelta),
    /// Unrelated to the range.
    Custom(TimeRange),
}

/// A bucket of the range and one of the earlier period, by index. One of them may be missing: local
/// time that is skipped in one period exists in the other.
pub type Pair = (Option<usize>, Option<usize>);

impl Comparison {
    /// Returns the earlier period, with the same local times as `range` in `zone`.
    ///
    /// # Errors
    /// It is outside the years that a request may ask for.
    pub fn range(&self, range: TimeRange, zone: Tz) -> Result<TimeRange, RangeError> {
        let shift = self.shift(range, zone);
        match shift {
            Shift::Custom(custom) => Ok(custom),
            Shift::Exact(by) => TimeRange::covering(range.from() - by, range.to() - by),
            Shift::Days(_) | Shift::Months(_) => {
                let earlier = |local| {
                    let shifted = shift.apply(local).ok_or(RangeError::OutOfReach)?;
                    resolve(shifted, zone).ok_or(RangeError::OutOfReach)
                };
                // A day that begins after a skipped midnight is compared from midnight on.
                let [from, to] = [range.from(), range.to()].map(|time| {
                    let local = local(time, zone);
                    if begins_day(time, zone) {
                        local.date().and_time(NaiveTime::MIN)
                    } else {
                        local
                    }
                });
                let to = match self.period {
                    // The day before the end decides, so that the 28th of February is compared with a
                    // day also if the 29th follows it.
                    Period::Year if begins_day(range.to(), zone) => {
                        let day = Days::new(1);
                        let last = to.checked_sub_days(day).and_then(|last| shift.apply(last));
                        let end = last.and_then(|last| last.checked_add_days(day));
                        resolve(end.ok_or(RangeError::OutOfReach)?, zone)
                            .ok_or(RangeError::OutOfReach)?
                    }
                    _ => earlier(to)?,
                };
                TimeRange::covering(earlier(from)?, to)
            }
        }
    }

    /// Returns which bucket of the earlier period belongs to which bucket of `range`.
    ///
    /// Quarter hours, hours and days are paired by the local time: an hour that occurs twice is
    /// paired twice with the same hour, a skipped one is paired with nothing, and neither is a day that
    /// the other month or year does not have. Longer buckets are paired in their order.
    pub fn pairs(
        &self,
        (range, current): (TimeRange, &Buckets),
        previous: &Buckets,
        granularity: Granularity,
        zone: Tz,
    ) -> Vec<Pair> {
        let shift = self.shift(range, zone);
        let by_clock = matches!(shift, Shift::Days(_) | Shift::Months(_))
            && matches!(
                granularity,
                Granularity::QuarterHour | Granularity::Hour | Granularity::Day
            );
        if !by_clock {
            return in_order(current.starts().len(), previous.starts().len());
        }
        let reading = |local| granularity.reading(local);
        let mut known = BTreeMap::new();
        for (index, start) in previous.starts().iter().enumerate() {
            known.entry(reading(middle(*start, zone))).or_insert(index);
        }
        let partner = |start: &DateTime<Utc>| {
            let local = middle(*start, zone);
            let shifted = shift.apply(local)?;
            // A day that the earlier month does not have has no partner.
            let is_same_day = !matches!(shift, Shift::Months(_)) || shifted.day() == local.day();
            known.get(&reading(shifted)).copied().filter(|_| is_same_day)
        };
        with_unpaired(current.starts().iter().map(partner), previous.starts().len())
    }

    fn shift(&self, range: TimeRange, zone: Tz) -> Shift {
        let weekday = self.matched == Match::Weekday;
        match self.period {
            Period::Custom(custom) => Shift::Custom(custom),
            Period::Week => Shift::Days(7),
            Period::Year if weekday => Shift::Days(52 * 7),
            Period::Year => Shift::Months(12),
            Period::Previous => {
                let (from, to) = (local(range.from(), zone), local(range.to(), zone));
                if !begins_day(range.from(), zone) {
                    return Shift::Exact(range.length());
                }
                let is_month =
                    |time, local: NaiveDateTime| begins_day(time, zone) && local.date().day() == 1;
                if !weekday && is_month(range.from(), from) && is_month(range.to(), to) {
                    let months = |date: NaiveDateTime| date.year() * 12 + date.month0() as i32;
                    return Shift::Months((months(to) - months(from)).unsigned_abs());
                }
                let last = to - TimeDelta::milliseconds(1);
                let days = (last.date() - from.date()).num_days().unsigned_abs() + 1;
                Shift::Days(if weekday { days.div_ceil(7) * 7 } else { days })
            }
        }
    }
}

impl Shift {
    fn apply(self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Self::Days(days) => local.checked_sub_days(Days::new(days)),
            Self::Months(months) => local.checked_sub_months(Months::new(months)),
            Self::Exact(by) => local.checked_sub_signed(by),
            Self::Custom(_) => None,
        }
    }
}

fn local(time: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    time.with_timezone(&zone).naive_local()
}

/// Returns the local time in the middle of the quarter hour that begins at `start`: a transition may
/// cut a quarter hour.
fn middle(start: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    local(start + QuarterHour::LENGTH / 2, zone)
}

/// Returns whether the local date begins at `time`, at midnight or after a skipped one.
fn begins_day(time: DateTime<Utc>, zone: Tz) -> bool {
    let before = local(time - TimeDelta::milliseconds(1), zone);
    let local = local(time, zone);
    local.time() == NaiveTime::MIN || before.date() < local.date()
}

/// Returns the first moment with this local time, or the first one after it if it is skipped.
fn resolve(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    // No transition skips more than a day.
    let steps = (0..=96).map(|quarters| local + QuarterHour::LENGTH * quarters);
    let found = steps.map(|local| zone.from_local_datetime(&local)).find_map(|found| match found {
        MappedLocalTime::Single(time) | MappedLocalTime::Ambiguous(time, _) => Some(time),
        MappedLocalTime::None => None,
    });
    found.map(|time| time.to_utc())
}

fn in_order(current: usize, previous: usize) -> Vec<Pair> {
    let index = |index, length| (index < length).then_some(index);
    (0..current.max(previous)).map(|at| (index(at, current), index(at, previous))).collect()
}

/// Adds the buckets of the earlier period that have no partner, each before the first later one that
/// has.
fn with_unpaired(
    partners: impl ExactSizeIterator<Item = Option<usize>> + Clone,
    previous: usize,
) -> Vec<Pair> {
    let mut is_paired = vec![false; previous];
    for partner in partners.clone().flatten() {
        if let Some(paired) = is_paired.get_mut(partner) {
            *paired = true;
        }
    }
    let mut unpaired = (0..previous).filter(|index| !is_paired.get(*index).is_some_and(|is| *is));
    let mut next = unpaired.next();
    let mut pairs = Vec::with_capacity(partners.len());
    for (index, partner) in partners.enumerate() {
        while let Some(earlier) = next.filter(|next| partner.is_some_and(|own| *next < own)) {
            pairs.push((None, Some(earlier)));
            next = unpaired.next();
        }
        pairs.push((Some(index), partner));
    }
    pairs.extend(next.into_iter().chain(unpaired).map(|earlier| (None, Some(earlier))));
    pairs
}

#[cfg(test)]
mod tests {
    use chrono_tz::{America::Santiago, Australia::Lord_Howe, Europe::Berlin};

    use super::*;

    fn range(from: &str, to: &str) -> TimeRange {
        TimeRange::covering(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    fn to(period: Period) -> Comparison {
        Comparison { period, matched: Match::Date }
    }

    fn ends(range: TimeRange) -> [String; 2] {
        [range.from(), range.to()].map(|time| time.format("%FT%RZ").to_string())
    }

    /// The 29th of March 2026, a Sunday: the clock goes from 02:00 to 03:00.
    fn short_day() -> TimeRange {
        range("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")
    }

    #[test]
    fn a_day_is_compared_with_whole_days_whatever_their_length() {
        let weekday = |period| Comparison { period, matched: Match::Weekday };
        for (comparison, expected) in [
            (to(Period::Previous), ["2026-03-27T23:00Z", "2026-03-28T23:00Z"]),
            (to(Period::Week), ["2026-03-21T23:00Z", "2026-03-22T23:00Z"]),
            (weekday(Period::Year), ["2025-03-29T23:00Z", "2025-03-30T22:00Z"]),
            (to(Period::Year), ["2025-03-28T23:00Z", "2025-03-29T23:00Z"]),
            (weekday(Period::Previous), ["2026-03-21T23:00Z", "2026-03-22T23:00Z"]),
        ] {
            let earlier = comparison.range(short_day(), Berlin).unwrap();
            assert_eq!(ends(earlier), expected, "{comparison:?}");
        }
    }

    #[test]
    fn today_so_far_is_compared_with_yesterday_up_to_the_same_time() {
        let today = range("2026-03-28T23:00:00Z", "2026-03-29T12:30:00Z");
        let earlier = to(Period::Previous).range(today, Berlin).unwrap();
        assert_eq!(ends(earlier), ["2026-03-27T23:00Z", "2026-03-28T13:30Z"]);
        assert_eq!(
            (today.length().num_seconds(), earlier.length().num_seconds()),
            (48_600, 52_200)
        );
    }

    #[test]
    fn whole_months_are_compared_with_whole_months() {
        let february = range("2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z");
        let earlier = to(Period::Previous).range(february, Berlin).unwrap();
        assert_eq!(ends(earlier), ["2025-12-31T23:00Z", "2026-01-31T23:00Z"]);
    }

    #[test]
    fn a_range_that_begins_within_a_day_is_compared_with_the_same_time_before() {
        let hours = range("2026-03-10T08:00:00Z", "2026-03-10T14:00:00Z");
        let earlier = to(Period::Previous).range(hours, Berlin).unwrap();
        assert_eq!(ends(earlier), ["2026-03-10T02:00Z", "2026-03-10T08:00Z"]);
    }

    #[test]
    fn midnights_that_are_skipped_or_half_hours_that_occur_twice_are_followed() {
        let days = range("2026-09-05T04:00:00Z", "2026-09-07T03:00:00Z");
        let earlier = to(Period::Previous).range(days, Santiago).unwrap();
        assert_eq!(ends(earlier), ["2026-09-03T04:00Z", "2026-09-05T04:00Z"]);
        let after = range("2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z");
        let next_year = to(Period::Week).range(after, Santiago).unwrap();
        assert_eq!(ends(next_year), ["2026-08-30T04:00Z", "2026-08-31T04:00Z"]);
        let long_day = range("2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z");
        let earlier = to(Period::Previous).range(long_day, Lord_Howe).unwrap();
        assert_eq!(ends(earlier), ["2026-04-03T13:00Z", "2026-04-04T13:00Z"]);
    }

    fn pairs(current: TimeRange, comparison: Comparison, granularity: Granularity) -> Vec<Pair> {
        let earlier = comparison.range(current, Berlin).unwrap();
        let buckets = granularity.buckets(current, Berlin);
        let previous = granularity.buckets(earlier, Berlin);
        comparison.pairs((current, &buckets), &previous, granularity, Berlin)
    }

    #[test]
    fn a_skipped_hour_is_paired_with_nothing() {
        let pairs = pairs(short_day(), to(Period::Previous), Granularity::Hour);
        assert_eq!(pairs.len(), 24);
        assert_eq!(
            pairs[..4],
            [(Some(0), Some(0)), (Some(1), Some(1)), (None, Some(2)), (Some(2), Some(3)),]
        );
        assert_eq!(pairs[23], (Some(22), Some(23)));
    }

    #[test]
    fn an_hour_that_occurs_twice_is_paired_twice() {
        let long_day = range("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        let pairs = pairs(long_day, to(Period::Previous), Granularity::Hour);
        assert_eq!(pairs.len(), 25);
        assert_eq!(pairs[2..5], [(Some(2), Some(2)), (Some(3), Some(2)), (Some(4), Some(3))]);
    }

    #[test]
    fn days_around_the_29th_of_february_are_compared_with_as_many_days() {
        for (from, to, expected) in [
            ("2028-02-28", "2028-02-29", ["2027-02-28T00:00Z", "2027-03-01T00:00Z"]),
            ("2028-02-29", "2028-03-01", ["2027-02-28T00:00Z", "2027-03-01T00:00Z"]),
            ("2028-02-01", "2028-02-29", ["2027-02-01T00:00Z", "2027-03-01T00:00Z"]),
            ("2028-02-01", "2028-03-01", ["2027-02-01T00:00Z", "2027-03-01T00:00Z"]),
            ("2029-02-28", "2029-03-01", ["2028-02-28T00:00Z", "2028-02-29T00:00Z"]),
        ] {
            let days = range(&format!("{from}T00:00:00Z"), &format!("{to}T00:00:00Z"));
            let earlier = to_year().range(days, Tz::UTC).unwrap();
            assert_eq!(ends(earlier), expected, "{from}");
        }
    }

    fn to_year() -> Comparison {
        to(Period::Year)
    }

    #[test]
    fn a_day_that_the_other_month_does_not_have_is_paired_with_nothing() {
        let march = range("2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z");
        let pairs = pairs(march, to(Period::Previous), Granularity::Day);
        assert_eq!(pairs[27], (Some(27), Some(27)));
        assert_eq!(pairs[28..], [(Some(28), None), (Some(29), None), (Some(30), None)]);
    }

    #[test]
    fn months_and_unrelated_ranges_are_paired_in_their_order() {
        let quarter = range("2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z");
        let months = pairs(quarter, to(Period::Previous), Granularity::Month);
        assert_eq!(months, [(Some(0), Some(0)), (Some(1), Some(1)), (Some(2), Some(2))]);
        let custom = Period::Custom(range("2025-06-01T22:00:00Z", "2025-06-03T22:00:00Z"));
        let days = pairs(short_day(), to(custom), Granularity::Day);
        assert_eq!(days, [(Some(0), Some(0)), (None, Some(1))]);
    }
}
