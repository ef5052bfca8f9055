use chrono::DateTime;
use chrono_tz::Europe::Berlin;
use sequences::{Session, SessionCounts, SessionGap};

use super::{MINUTE, assert_close, march};

/// The events of W2 by visitor. On 29 March, 01:50 and 03:10 in Berlin are 20 minutes apart.
const W2: [&[&str]; 4] = [
    &["02T10:00:00", "02T10:30:00", "02T11:00:00.001", "02T11:20:00"],
    &["02T22:50:00", "02T23:10:00"],
    &["02T12:00:00"],
    &["29T00:50:00", "29T01:10:00"],
];

fn sessions(times: &[&str]) -> Vec<Session> {
    let mut times: Vec<_> = times.iter().map(|time| march(time)).collect();
    times.sort_unstable();
    SessionGap::new(30 * MINUTE).unwrap().split(&times).collect()
}

fn counts(visitors: &[&[&str]]) -> SessionCounts {
    let mut counts = SessionCounts::default();
    visitors.iter().for_each(|times| counts.add(sessions(times)));
    counts
}

#[test]
fn w2_a_pause_longer_than_half_an_hour_begins_a_new_session() {
    let counts = counts(&W2);
    let expected =
        SessionCounts { sessions: 5, keys: 4, events: 9, bounces: 1, duration: 5_399_999 };
    assert_eq!(counts, expected);
    assert_close(counts.bounce_rate(), 0.2);
    assert_close(counts.mean_seconds(), 1079.9998);
    assert_close(counts.sessions_per_key(), 1.25);
    let durations: Vec<_> = sessions(W2[0]).iter().map(Session::duration).collect();
    assert_eq!(durations, [1_800_000, 1_199_999]);
}

#[test]
fn w2_a_session_over_midnight_belongs_to_the_day_of_its_begin() {
    let sessions = sessions(W2[1]);
    assert_eq!(sessions.len(), 1);
    let date = |time| {
        let time = DateTime::from_timestamp_millis(time).unwrap().with_timezone(&Berlin);
        time.date_naive().to_string()
    };
    assert_eq!(date(sessions[0].from), "2026-03-02");
    assert_eq!(date(sessions[0].last), "2026-03-03");
}

#[test]
fn w2_a_late_event_joins_two_sessions() {
    let with_late = [W2[0], &["02T10:45:00"]].concat();
    let counts = counts(&[&with_late, W2[1], W2[2], W2[3]]);
    let expected =
        SessionCounts { sessions: 4, keys: 4, events: 10, bounces: 1, duration: 7_200_000 };
    assert_eq!(counts, expected);
    assert_close(counts.bounce_rate(), 0.25);
    assert_close(counts.mean_seconds(), 1800.0);
    assert_close(counts.sessions_per_key(), 1.0);
    let joined = sessions(&with_late);
    assert_eq!((joined.len(), joined[0].events, joined[0].duration()), (1, 5, 4_800_000));
}
