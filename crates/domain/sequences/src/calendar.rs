use chrono::{DateTime, Datelike, MappedLocalTime, NaiveDate, NaiveTime, TimeZone, Weekday};
use chrono_tz::{GapInfo, Tz};

use crate::Span;

/// The calendar of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The zone whose local time gives each moment its date.
    pub zone: Tz,
    /// The first day of every week.
    pub week_begins: Weekday,
}

/// A period of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Day,
    Week,
    Month,
}

impl Calendar {
    /// Returns the number of the period that contains `time`, ascending by 1 from period to period;
    /// none outside the years 1970 to 2200.
    ///
    /// A date that the clock leaves and enters again is one day. A date that it skips has a number,
    /// but no moment.
    pub(crate) fn number(&self, unit: Unit, time: i64) -> Option<i64> {
        if !(0..=Span::LATEST).contains(&time) {
            return None;
        }
        let date = DateTime::from_timestamp_millis(time)?.with_timezone(&self.zone).date_naive();
        Some(match unit {
            Unit::Day => i64::from(date.num_days_from_ce()),
            // Day 1 of the common era is a Monday.
            Unit::Week => (i64::from(date.num_days_from_ce()) - 1 - self.offset()).div_euclid(7),
            Unit::Month => i64::from(date.year()) * 12 + i64::from(date.month0()),
        })
    }

    /// Returns the first date of a period; none beyond the years that chrono knows.
    pub(crate) fn first_date(&self, unit: Unit, number: i64) -> Option<NaiveDate> {
        let date = |days| NaiveDate::from_num_days_from_ce_opt(i32::try_from(days).ok()?);
        match unit {
            Unit::Day => date(number),
            Unit::Week => date(number * 7 + 1 + self.offset()),
            Unit::Month => {
                let month = u32::try_from(number.rem_euclid(12)).ok()?;
                NaiveDate::from_ymd_opt(i32::try_from(number.div_euclid(12)).ok()?, month + 1, 1)
            }
        }
    }

    /// Returns the first moment of a period, in milliseconds since 1970.
    pub(crate) fn start(&self, unit: Unit, number: i64) -> Option<i64> {
        let midnight = self.first_date(unit, number)?.and_time(NaiveTime::MIN);
        match self.zone.from_local_datetime(&midnight) {
            MappedLocalTime::Single(time) | MappedLocalTime::Ambiguous(time, _) => {
                Some(time.timestamp_millis())
            }
            // The clock skips midnight: the first moment is the one after the gap.
            MappedLocalTime::None => {
                Some(GapInfo::new(&midnight, &self.zone)?.end?.timestamp_millis())
            }
        }
    }

    /// Returns the first moment after which no moment of a period follows.
    pub(crate) fn end(&self, unit: Unit, number: i64) -> Option<i64> {
        let midnight = self.first_date(unit, number + 1)?.and_time(NaiveTime::MIN);
        match self.zone.from_local_datetime(&midnight) {
            // The clock goes back over midnight: the period ends twice.
            MappedLocalTime::Ambiguous(_, time) => Some(time.timestamp_millis()),
            _ => self.start(unit, number + 1),
        }
    }

    /// Returns the days from Monday to the first day of a week.
    fn offset(&self) -> i64 {
        i64::from(self.week_begins.num_days_from_monday())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<DateTime<chrono::Utc>>().unwrap().timestamp_millis()
    }

    fn calendar(zone: Tz) -> Calendar {
        Calendar { zone, week_begins: Weekday::Mon }
    }

    /// Returns the first date, the first moment and the end of the period that contains `time`.
    fn period(calendar: Calendar, unit: Unit, time: &str) -> (String, i64, i64) {
        let number = calendar.number(unit, ms(time)).unwrap();
        let date = calendar.first_date(unit, number).unwrap().to_string();
        (date, calendar.start(unit, number).unwrap(), calendar.end(unit, number).unwrap())
    }

    #[test]
    fn a_day_is_as_long_as_its_clock_says() {
        let day = period(calendar(Tz::Europe__Berlin), Unit::Day, "2026-03-29T12:00:00Z");
        let expected = (ms("2026-03-28T23:00:00Z"), ms("2026-03-29T22:00:00Z"));
        assert_eq!(day, ("2026-03-29".into(), expected.0, expected.1));
    }

    #[test]
    fn weeks_begin_on_the_given_day() {
        // 2026-03-11 is a Wednesday.
        for (week_begins, first) in [
            (Weekday::Mon, "2026-03-09"),
            (Weekday::Wed, "2026-03-11"),
            (Weekday::Thu, "2026-03-05"),
            (Weekday::Sun, "2026-03-08"),
        ] {
            let calendar = Calendar { zone: Tz::UTC, week_begins };
            let (date, start, end) = period(calendar, Unit::Week, "2026-03-11T00:00:00Z");
            assert_eq!(date, first);
            assert_eq!(start, ms(&format!("{first}T00:00:00Z")));
            assert_eq!(end - start, 7 * 86_400_000);
        }
    }

    #[test]
    fn months_begin_on_the_first_and_follow_each_other_over_the_year() {
        let calendar = calendar(Tz::UTC);
        let (date, start, end) = period(calendar, Unit::Month, "2026-12-31T23:59:59.999Z");
        assert_eq!(date, "2026-12-01");
        assert_eq!((start, end), (ms("2026-12-01T00:00:00Z"), ms("2027-01-01T00:00:00Z")));
        let numbers = ["2026-12-31T12:00:00Z", "2027-01-01T12:00:00Z"]
            .map(|time| calendar.number(Unit::Month, ms(time)).unwrap());
        assert_eq!(numbers[0] + 1, numbers[1]);
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_after_the_gap() {
        let day = period(calendar(Tz::America__Santiago), Unit::Day, "2026-09-06T12:00:00Z");
        let expected = (ms("2026-09-06T04:00:00Z"), ms("2026-09-07T03:00:00Z"));
        assert_eq!(day, ("2026-09-06".into(), expected.0, expected.1));
    }

    #[test]
    fn a_date_that_is_skipped_has_no_moment() {
        let calendar = calendar(Tz::Pacific__Apia);
        let number = calendar.number(Unit::Day, ms("2011-12-30T09:59:59Z")).unwrap();
        assert_eq!(calendar.number(Unit::Day, ms("2011-12-30T10:00:00Z")), Some(number + 2));
        let bounds = |number| (calendar.start(Unit::Day, number), calendar.end(Unit::Day, number));
        let gap = Some(ms("2011-12-30T10:00:00Z"));
        assert_eq!(bounds(number).1, gap);
        assert_eq!(bounds(number + 1), (gap, gap));
        assert_eq!(bounds(number + 2).0, gap);
    }

    #[test]
    fn a_date_that_ends_and_resumes_ends_with_its_last_moment() {
        // At 02:00 on the 5th the clock went back three hours, to 23:00 on the 4th.
        let casey = calendar(Tz::Antarctica__Casey);
        let fourth = period(casey, Unit::Day, "2010-03-04T15:30:00Z");
        let expected = (ms("2010-03-03T13:00:00Z"), ms("2010-03-04T16:00:00Z"));
        assert_eq!(fourth, ("2010-03-04".into(), expected.0, expected.1));
        let fifth = period(casey, Unit::Day, "2010-03-04T14:00:00Z");
        assert_eq!((fifth.0.as_str(), fifth.1), ("2010-03-05", ms("2010-03-04T13:00:00Z")));
    }

    #[test]
    fn a_time_outside_the_known_years_has_no_period() {
        let calendar = calendar(Tz::UTC);
        for time in [i64::MIN, -1, Span::LATEST + 1, i64::MAX] {
            assert_eq!(calendar.number(Unit::Day, time), None);
        }
    }
}
