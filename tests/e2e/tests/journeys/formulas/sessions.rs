//! When the sessions of visitors begin.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

/// The longest pause within a session.
const PAUSE: TimeDelta = TimeDelta::minutes(30);

/// Returns the beginning of each session of some events, each with its visitor.
pub(crate) fn session_begins<'a>(
    events: impl Iterator<Item = (&'a str, DateTime<Utc>)>,
) -> Vec<DateTime<Utc>> {
    let mut visits = BTreeMap::<&str, Vec<DateTime<Utc>>>::new();
    for (visitor, time) in events.filter(|(visitor, _)| !visitor.is_empty()) {
        visits.entry(visitor).or_default().push(time);
    }
    let mut begins = Vec::new();
    for mut times in visits.into_values() {
        times.sort();
        let mut before = None;
        for time in times {
            if before.is_none_or(|before| time - before > PAUSE) {
                begins.push(time);
            }
            before = Some(time);
        }
    }
    begins
}
