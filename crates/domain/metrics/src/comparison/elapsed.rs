use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;

use super::{Comparison, Match, Period, Shift, begins_day, local, resolve, whole_local};
use crate::{QuarterHour, RangeError, TimeRange};

impl Comparison {
    /// Returns the earlier period, which is as long as the range: at most up to the range itself, if the
    /// period before it is meant.
    pub(super) fn elapsed(
        &self,
        range: TimeRange,
        zone: Tz,
        weeks: Weekday,
    ) -> Result<TimeRange, RangeError> {
        if let Period::Custom(custom) = self.period {
            return Ok(custom);
        }
        let is_previous = self.period == Period::Previous;
        let before = match self.matched {
            Match::Date if is_previous => begin_of_period_before(range, zone, weeks),
            _ => None,
        };
        let shifted = || match self.shift(range, zone) {
            Shift::Exact(by) => range.from().checked_sub_signed(by),
            shift => shift.resolve(whole_local(range.from(), zone), zone),
        };
        let from = before.or_else(shifted).ok_or(RangeError::OutOfReach)?;
        let from = QuarterHour::containing(from).start();
        let to = from.checked_add_signed(range.length()).ok_or(RangeError::OutOfReach)?;
        TimeRange::covering(from, if is_previous { to.min(range.from()) } else { to })
    }
}

/// Returns when the period before that of the range begins: the smallest day, week, month, quarter or
/// year that begins with the range and ends with it or later. None if there is no such period.
fn begin_of_period_before(range: TimeRange, zone: Tz, weeks: Weekday) -> Option<DateTime<Utc>> {
    if !begins_day(range.from(), zone) {
        return None;
    }
    let first = local(range.from(), zone).date();
    let begin = |day: NaiveDate| resolve(day.and_time(NaiveTime::MIN), zone);
    let days = |number| {
        let days = Days::new(number);
        Some((first.checked_sub_days(days)?, first.checked_add_days(days)?))
    };
    let months = |number| {
        let months = Months::new(number);
        Some((first.checked_sub_months(months)?, first.checked_add_months(months)?))
    };
    let begins_month = first.day() == 1;
    let periods = [
        (true, days(1)),
        (first.weekday() == weeks, days(7)),
        (begins_month, months(1)),
        (begins_month && first.month0().is_multiple_of(3), months(3)),
        (begins_month && first.month0() == 0, months(12)),
    ];
    let begun = periods.into_iter().filter_map(|(begins, around)| around.filter(|_| begins));
    let has_all = |end: &DateTime<Utc>| range.to() <= *end;
    begun
        .into_iter()
        .find_map(|(before, after)| begin(after).filter(has_all).and_then(|_| begin(before)))
}
