mod elapsed;

use std::collections::BTreeMap;

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, Months, NaiveDateTime, NaiveTime, TimeDelta,
    TimeZone, Utc, Weekday,
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

/// What times of the two periods have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Align {
    /// The local time.
    Clock,
    /// The time since the period began. The previous period is then that of the calendar: the smallest
    /// day, week, month, quarter or year that the range begins and does not leave.
    Elapsed {
        /// The day on which weeks begin.
        weeks: Weekday,
    },
}

/// A comparison of a range with an earlier period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// The period.
    pub period: Period,
    /// What its days have in common with those of the range.
    pub matched: Match,
    /// What its times have in common with those of the range.
    pub align: Align,
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
    /// Returns the earlier period: with the same local times as `range` in `zone`, or as long as it.
    ///
    /// # Errors
    /// It is outside the years that a request may ask for.
    pub fn range(&self, range: TimeRange, zone: Tz) -> Result<TimeRange, RangeError> {
        if let Align::Elapsed { weeks } = self.align {
            return self.elapsed(range, zone, weeks);
        }
        let shift = self.shift(range, zone);
        match shift {
            Shift::Custom(custom) => Ok(custom),
            Shift::Exact(by) => TimeRange::covering(range.from() - by, range.to() - by),
            Shift::Days(_) | Shift::Months(_) => {
                let earlier = |local| shift.resolve(local, zone).ok_or(RangeError::OutOfReach);
                let [from, to] = [range.from(), range.to()].map(|time| whole_local(time, zone));
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
    /// the other month or year does not have. Longer buckets are paired in their order, and so are those
    /// of periods that are aligned by the elapsed time.
    pub fn pairs(
        &self,
        (range, current): (TimeRange, &Buckets),
        previous: &Buckets,
        granularity: Granularity,
        zone: Tz,
    ) -> Vec<Pair> {
        let shift = self.shift(range, zone);
        let by_clock = self.align == Align::Clock
            && matches!(shift, Shift::Days(_) | Shift::Months(_))
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

    /// Returns the first moment of a local time of the earlier period.
    fn resolve(self, local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
        resolve(self.apply(local)?, zone)
    }
}

fn local(time: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    time.with_timezone(&zone).naive_local()
}

/// Returns the local time. A day that begins after a skipped midnight is compared from midnight on.
fn whole_local(time: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    let local = local(time, zone);
    if begins_day(time, zone) { local.date().and_time(NaiveTime::MIN) } else { local }
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
mod tests;
