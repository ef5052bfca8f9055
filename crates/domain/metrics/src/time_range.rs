use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::QuarterHour;

/// A half-open range of time whose ends lie on quarter hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct TimeRange {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

/// Why two times are not a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// The end is not after the start.
    #[error("`from` must be before `to`")]
    Reversed,
    /// Outside the years that a request may ask for.
    #[error("`from` and `to` must lie between 1970 and 2200")]
    OutOfReach,
}

impl TimeRange {
    /// Returns the range of all quarter hours that `from..to` touches.
    ///
    /// # Errors
    /// The range is empty or reversed, or outside the years 1970 to 2200.
    pub fn covering(from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Self, RangeError> {
        if from >= to {
            return Err(RangeError::Reversed);
        }
        let latest = DateTime::UNIX_EPOCH + TimeDelta::days(230 * 365);
        if from < DateTime::UNIX_EPOCH || to > latest {
            return Err(RangeError::OutOfReach);
        }
        let last = QuarterHour::containing(to - TimeDelta::milliseconds(1));
        Ok(Self { from: QuarterHour::containing(from).start(), to: last.end() })
    }

    /// Returns the first moment.
    pub const fn from(&self) -> DateTime<Utc> {
        self.from
    }

    /// Returns the first moment after it.
    pub const fn to(&self) -> DateTime<Utc> {
        self.to
    }

    /// Returns its length.
    pub fn length(&self) -> TimeDelta {
        self.to - self.from
    }

    /// Returns whether it contains `time`.
    pub fn contains(&self, time: DateTime<Utc>) -> bool {
        self.from <= time && time < self.to
    }

    /// Splits it into the part before `time` and the part from `time` on.
    pub fn split_at(&self, time: DateTime<Utc>) -> (Option<Self>, Option<Self>) {
        let cut = QuarterHour::containing(time.clamp(self.from, self.to)).start();
        let part = |from, to| (from < to).then_some(Self { from, to });
        (part(self.from, cut), part(cut, self.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn ends_are_rounded_outwards_to_quarter_hours() {
        let range = TimeRange::covering(at("2026-03-01T12:05:00Z"), at("2026-03-01T12:30:00.001Z"))
            .unwrap();
        assert_eq!(range.from(), at("2026-03-01T12:00:00Z"));
        assert_eq!(range.to(), at("2026-03-01T12:45:00Z"));
    }

    #[test]
    fn an_empty_or_reversed_range_is_refused() {
        let noon = at("2026-03-01T12:00:00Z");
        assert_eq!(TimeRange::covering(noon, noon), Err(RangeError::Reversed));
        assert_eq!(
            TimeRange::covering(noon, DateTime::<Utc>::MAX_UTC),
            Err(RangeError::OutOfReach)
        );
    }

    #[test]
    fn splitting_loses_nothing() {
        let range =
            TimeRange::covering(at("2026-03-01T12:00:00Z"), at("2026-03-01T14:00:00Z")).unwrap();
        let (before, after) = range.split_at(at("2026-03-01T13:00:00Z"));
        assert_eq!(before.unwrap().to(), after.unwrap().from());
        assert_eq!(range.split_at(at("2026-01-01T00:00:00Z")), (None, Some(range)));
        assert_eq!(range.split_at(at("2027-01-01T00:00:00Z")), (Some(range), None));
    }
}
