use chrono::{DateTime, TimeDelta, Utc};

use crate::TimeRange;

/// How much earlier than its record in the log an event happens without being late.
const LATE_AFTER: TimeDelta = TimeDelta::hours(3);
/// How far the clocks of brokers may differ, and log times run backwards.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::hours(1);

/// Returns whether an event is late: it may lie in a range that was finished before it was stored. The
/// log time decides, not the clock, so that every run decides alike.
pub fn is_late(event_time: DateTime<Utc>, log_time: DateTime<Utc>) -> bool {
    event_time < log_time - LATE_AFTER
}

/// Returns whether a range is finished: of the events that are not stored yet, only late ones lie in it.
/// `as_of` is the time before which everything that the log received is stored.
pub fn is_finished(range: TimeRange, as_of: DateTime<Utc>) -> bool {
    range.to() + LATE_AFTER + CLOCKS_DIFFER <= as_of
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn an_event_that_is_not_late_lies_in_no_finished_range() {
        let as_of = at("2026-03-02T04:00:00Z");
        let day =
            TimeRange::covering(at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z")).unwrap();
        assert!(is_finished(day, as_of));
        assert!(!is_finished(day, as_of - TimeDelta::milliseconds(1)));
        let last = day.to() - TimeDelta::milliseconds(1);
        // Logged when the answer was read, or a little earlier by the clock of another broker.
        for log_time in [as_of, as_of - CLOCKS_DIFFER, as_of + TimeDelta::days(1)] {
            assert!(is_late(last, log_time), "{log_time}");
        }
    }

    #[test]
    fn most_events_are_not_late() {
        let log_time = at("2026-03-02T04:00:00Z");
        assert!(!is_late(log_time, log_time));
        assert!(!is_late(log_time - TimeDelta::hours(3), log_time));
        assert!(!is_late(log_time + TimeDelta::minutes(5), log_time), "its clock is ahead");
        assert!(is_late(log_time - TimeDelta::hours(4), log_time));
    }
}
