use chrono::{DateTime, Datelike, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use metrics::{Granularity, TimeRange};

pub(crate) const QUARTER: TimeDelta = TimeDelta::minutes(15);

/// Returns the zone's offset from UTC.
pub(crate) fn offset(zone: Tz, time: DateTime<Utc>) -> TimeDelta {
    let offset = zone.offset_from_utc_datetime(&time.naive_utc()).fix();
    TimeDelta::seconds(offset.local_minus_utc().into())
}

/// A quarter hour: its start, and the offset from UTC during most of its minutes.
#[derive(Clone, Copy)]
pub(crate) struct Quarter {
    pub(crate) start: DateTime<Utc>,
    offset: TimeDelta,
}

impl Quarter {
    /// Returns the quarter hours of the range.
    pub(crate) fn all(range: TimeRange, zone: Tz) -> Vec<Self> {
        let mut quarters = Vec::new();
        let mut start = range.from();
        let mut first = offset(zone, range.from());
        while start < range.to() {
            let next = offset(zone, start + QUARTER);
            let is_first = |minute| offset(zone, start + TimeDelta::minutes(minute)) == first;
            let most_is_first =
                first == next || (0..15).filter(|&minute| is_first(minute)).count() > 7;
            let offset = if most_is_first { first } else { next };
            // So a quarter hour has parts of two hours only if a transition cuts it.
            assert_eq!(offset.num_minutes() % 15, 0, "{zone} {start}");
            quarters.push(Self { start, offset });
            (start, first) = (start + QUARTER, next);
        }
        quarters
    }

    /// Returns the local time, cut to the granularity.
    fn reading(&self, granularity: Granularity) -> NaiveDateTime {
        let clock = (self.start + self.offset).naive_utc();
        let date = clock.date();
        let midnight = |date: chrono::NaiveDate| date.and_hms_opt(0, 0, 0).unwrap();
        match granularity {
            Granularity::QuarterHour => self.start.naive_utc(),
            Granularity::Hour => date.and_hms_opt(clock.hour(), 0, 0).unwrap(),
            Granularity::Day => midnight(date),
            Granularity::Week(begin) => {
                let mut first = date;
                while first.weekday() != begin {
                    first = first.pred_opt().unwrap();
                }
                midnight(first)
            }
            Granularity::Month => midnight(date.with_day(1).unwrap()),
            Granularity::Quarter => {
                let first = date.month0() / 3 * 3 + 1;
                midnight(date.with_day(1).unwrap().with_month(first).unwrap())
            }
            Granularity::Year => midnight(date.with_ordinal(1).unwrap()),
            Granularity::Total => NaiveDateTime::default(),
        }
    }
}

/// Returns for each quarter hour the start of the first one with the same local time.
///
/// An hour that occurs again a whole number of hours later is a different hour.
pub(crate) fn starts(quarters: &[Quarter], granularity: Granularity) -> Vec<DateTime<Utc>> {
    let mut firsts = Vec::<(NaiveDateTime, Quarter)>::new();
    let mut starts = Vec::new();
    for quarter in quarters {
        let reading = quarter.reading(granularity);
        let same = firsts.iter().rev().find(|(earlier, first)| {
            let back = (first.offset - quarter.offset).num_minutes();
            *earlier == reading && (granularity != Granularity::Hour || back == 0 || back % 60 != 0)
        });
        starts.push(same.map_or(quarter.start, |(_, first)| first.start));
        if same.is_none() {
            firsts.push((reading, *quarter));
        }
    }
    starts
}
