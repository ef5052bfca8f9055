use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, Months, NaiveDate, NaiveDateTime, NaiveTime,
    TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;
use control_plane::{Cadence, RelativeRange};

/// No transition of a clock skips more than a day.
const MOST_SKIPPED_MINUTES: i64 = 24 * 60;
/// How many days ahead a run is looked for: a week, and the days around a transition.
const DAYS_AHEAD: u64 = 10;

/// Returns the first run after `after`. A skipped local time runs at the next existing moment, one that
/// occurs twice the first time.
pub(super) fn next_run(cadence: Cadence, zone: Tz, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let today = after.with_timezone(&zone).date_naive();
    // The run of yesterday may be later than its date, if the clock skipped the rest of it.
    let begin = today.pred_opt()?;
    (0..=DAYS_AHEAD)
        .filter_map(|days| begin.checked_add_days(Days::new(days)))
        .filter(|date| cadence.weekday.is_none_or(|weekday| date.weekday() == weekday))
        .filter_map(|date| moment(date.and_time(cadence.at), zone))
        .find(|run| *run > after)
}

/// Returns the last run that is due at `now`, and the first one after it: of runs that were missed, only
/// the last one is made up. `due` is the first missed one.
pub(super) fn last_due(
    cadence: Cadence,
    zone: Tz,
    due: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Runs> {
    let mut runs = Runs { due, next: next_run(cadence, zone, due)? };
    if runs.next <= now {
        // The last one is at most a week and a transition ago.
        let before = now.checked_sub_days(Days::new(DAYS_AHEAD))?;
        runs = Runs { due: before, next: next_run(cadence, zone, before)? };
    }
    while runs.next <= now {
        runs = Runs { due: runs.next, next: next_run(cadence, zone, runs.next)? };
    }
    Some(runs)
}

/// A run that is due, and the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Runs {
    pub(super) due: DateTime<Utc>,
    pub(super) next: DateTime<Utc>,
}

/// Returns the dates from and to which a range reaches that is relative to a run: the last day, week (from
/// Monday) or month of the zone that is complete.
pub(super) fn dates(
    range: RelativeRange,
    zone: Tz,
    run: DateTime<Utc>,
) -> Option<(NaiveDate, NaiveDate)> {
    let today = run.with_timezone(&zone).date_naive();
    match range {
        RelativeRange::LastDay => Some((today.pred_opt()?, today)),
        RelativeRange::LastWeek => {
            let days = u64::from(today.weekday().num_days_from_monday());
            let monday = today.checked_sub_days(Days::new(days))?;
            Some((monday.checked_sub_days(Days::new(7))?, monday))
        }
        RelativeRange::LastMonth => {
            let first = today.with_day(1)?;
            Some((first.checked_sub_months(Months::new(1))?, first))
        }
    }
}

/// Returns the first moment with this local time, or the first one after it if it is skipped.
fn moment(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let steps = (0..=MOST_SKIPPED_MINUTES).map(|minutes| local + TimeDelta::minutes(minutes));
    let found = steps.map(|local| zone.from_local_datetime(&local)).find_map(|found| match found {
        MappedLocalTime::Single(time) | MappedLocalTime::Ambiguous(time, _) => Some(time),
        MappedLocalTime::None => None,
    });
    found.map(|time| time.to_utc())
}

/// Reads a local time such as `07:30`.
pub(super) fn local_time(text: &str) -> Option<NaiveTime> {
    let time = NaiveTime::parse_from_str(text, "%H:%M").ok()?;
    // Neither a sign nor a missing zero.
    (time.format("%H:%M").to_string() == text).then_some(time)
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;
    use chrono_tz::{America::New_York, Europe::Berlin, Pacific::Apia};

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn daily(at: &str) -> Cadence {
        Cadence { weekday: None, at: local_time(at).unwrap() }
    }

    /// Returns the runs after a moment.
    fn runs<const N: usize>(cadence: Cadence, zone: Tz, after: &str) -> [String; N] {
        let mut after = utc(after);
        [(); N].map(|()| {
            after = next_run(cadence, zone, after).unwrap();
            after.format("%dT%H:%M").to_string()
        })
    }

    #[test]
    fn a_run_is_at_the_same_local_time_before_and_after_the_clock_changes() {
        assert_eq!(
            runs(daily("07:00"), Berlin, "2026-03-27T12:00:00Z"),
            ["28T06:00", "29T05:00", "30T05:00"]
        );
        assert_eq!(
            runs(daily("07:00"), New_York, "2026-10-31T12:00:00Z"),
            ["01T12:00", "02T12:00"]
        );
    }

    #[test]
    fn a_skipped_local_time_runs_at_the_next_moment_that_exists() {
        // 02:00 to 03:00 on the 29th.
        assert_eq!(
            runs(daily("02:30"), Berlin, "2026-03-27T12:00:00Z"),
            ["28T01:30", "29T01:00", "30T00:30"]
        );
        // The whole 30th.
        assert_eq!(
            runs(daily("08:00"), Apia, "2011-12-28T20:00:00Z"),
            ["29T18:00", "30T10:00", "30T18:00"]
        );
    }

    #[test]
    fn a_local_time_that_occurs_twice_runs_once() {
        // 02:00 to 03:00 on the 25th, at 00:00 and at 01:00 UTC.
        assert_eq!(runs(daily("02:30"), Berlin, "2026-10-24T12:00:00Z"), ["25T00:30", "26T01:30"]);
    }

    #[test]
    fn a_weekly_run_is_on_its_weekday() {
        let mondays = Cadence { weekday: Some(Weekday::Mon), ..daily("00:05") };
        assert_eq!(
            runs(mondays, Berlin, "2026-03-22T23:04:00Z"),
            ["22T23:05", "29T22:05", "05T22:05"]
        );
    }

    #[test]
    fn of_missed_runs_only_the_last_one_is_made_up() {
        let due = utc("2026-03-27T06:00:00Z");
        for (now, expected) in [
            ("2026-03-27T06:00:01Z", ("2026-03-27T06:00:00Z", "2026-03-28T06:00:00Z")),
            ("2026-03-29T05:00:00Z", ("2026-03-29T05:00:00Z", "2026-03-30T05:00:00Z")),
            ("2027-03-29T12:00:00Z", ("2027-03-29T05:00:00Z", "2027-03-30T05:00:00Z")),
        ] {
            let runs = last_due(daily("07:00"), Berlin, due, utc(now)).unwrap();
            assert_eq!((runs.due, runs.next), (utc(expected.0), utc(expected.1)), "{now}");
        }
    }

    #[test]
    fn a_relative_range_is_complete_in_the_zone() {
        // Wednesday, the 1st of April, in Berlin.
        let run = utc("2026-03-31T22:05:00Z");
        for (range, from, to) in [
            (RelativeRange::LastDay, "2026-03-31", "2026-04-01"),
            (RelativeRange::LastWeek, "2026-03-23", "2026-03-30"),
            (RelativeRange::LastMonth, "2026-03-01", "2026-04-01"),
        ] {
            let expected = (from.parse().unwrap(), to.parse().unwrap());
            assert_eq!(dates(range, Berlin, run), Some(expected), "{range:?}");
        }
        let last_week = dates(RelativeRange::LastWeek, New_York, run).unwrap();
        assert_eq!(last_week.0.to_string(), "2026-03-23");
    }

    #[test]
    fn a_time_has_two_digits_of_each() {
        assert_eq!(local_time("07:30"), NaiveTime::from_hms_opt(7, 30, 0));
        for wrong in ["7:30", "07:60", "24:00", "0730", "07:30:00", ""] {
            assert_eq!(local_time(wrong), None, "{wrong}");
        }
    }
}
