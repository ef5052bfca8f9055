use chrono::{DateTime, TimeDelta, Timelike, Utc};

/// A quarter hour in UTC, identified by its start: the base of every rollup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuarterHour(DateTime<Utc>);

impl QuarterHour {
    /// Its length.
    pub const LENGTH: TimeDelta = TimeDelta::minutes(15);

    /// Returns the quarter hour that contains `time`.
    pub fn containing(time: DateTime<Utc>) -> Self {
        let into = time.timestamp().rem_euclid(Self::LENGTH.num_seconds());
        let whole = DateTime::from_timestamp(time.timestamp() - into, 0);
        Self(whole.unwrap_or(DateTime::UNIX_EPOCH))
    }

    /// Returns its first moment.
    pub const fn start(self) -> DateTime<Utc> {
        self.0
    }

    /// Returns the first moment after it.
    pub fn end(self) -> DateTime<Utc> {
        self.0 + Self::LENGTH
    }

    /// Returns the first moment of its hour.
    pub fn hour(self) -> DateTime<Utc> {
        self.0 - TimeDelta::minutes(i64::from(self.0.minute()))
    }

    /// Returns its position in its hour: 0 to 3.
    pub fn index(self) -> u8 {
        (self.0.minute() / 15) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_hour_contains_its_start_but_not_its_end() {
        let quarter = QuarterHour::containing("2026-03-01T12:47:13.5Z".parse().unwrap());
        assert_eq!(quarter.start().to_rfc3339(), "2026-03-01T12:45:00+00:00");
        assert_eq!(quarter.hour().to_rfc3339(), "2026-03-01T12:00:00+00:00");
        assert_eq!(quarter.index(), 3);
        assert_eq!(QuarterHour::containing(quarter.start()), quarter);
        assert_ne!(QuarterHour::containing(quarter.end()), quarter);
    }

    #[test]
    fn a_time_before_1970_has_a_quarter_hour() {
        let quarter = QuarterHour::containing("1969-12-31T23:59:59Z".parse().unwrap());
        assert_eq!(quarter.start().to_rfc3339(), "1969-12-31T23:45:00+00:00");
    }
}
