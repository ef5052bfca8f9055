use crate::{DefinitionError, ratio};

/// The longest pause within a session, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionGap(i64);

/// Consecutive events of a key without a longer pause than the gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// When it begins, in milliseconds since 1970. A session belongs to the day of its begin.
    pub from: i64,
    /// The time of its last event.
    pub last: i64,
    /// The number of its events, at least 1.
    pub events: u64,
}

/// The accumulator of the sessions of all keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// The number of sessions.
    pub sessions: u64,
    /// The number of keys that have a session.
    pub keys: u64,
    /// The number of events in all sessions.
    pub events: u64,
    /// The number of sessions with a single event.
    pub bounces: u64,
    /// The sum of the durations, in milliseconds.
    pub duration: u64,
}

impl SessionGap {
    /// Returns a gap of 1 minute to 8 hours, given in milliseconds.
    ///
    /// # Errors
    /// The gap is shorter or longer.
    pub const fn new(milliseconds: i64) -> Result<Self, DefinitionError> {
        if milliseconds < 60_000 || milliseconds > 8 * 3_600_000 {
            return Err(DefinitionError::Gap);
        }
        Ok(Self(milliseconds))
    }

    /// Returns the sessions of a key, in order.
    ///
    /// `times` are the sorted times of its events, in milliseconds since 1970. A pause of exactly
    /// the gap does not split a session, nor does midnight.
    pub fn split(self, times: &[i64]) -> impl Iterator<Item = Session> {
        let sessions = times.chunk_by(move |time, next| next.saturating_sub(*time) <= self.0);
        sessions.filter_map(|session| {
            let events = u64::try_from(session.len()).ok()?;
            Some(Session { from: *session.first()?, last: *session.last()?, events })
        })
    }
}

impl Session {
    /// Returns the milliseconds from its first event to its last.
    pub const fn duration(&self) -> u64 {
        self.last.abs_diff(self.from)
    }

    /// Returns whether it has a single event.
    pub const fn is_bounce(&self) -> bool {
        self.events == 1
    }
}

impl SessionCounts {
    /// Adds all sessions of one key.
    pub fn add(&mut self, sessions: impl IntoIterator<Item = Session>) {
        let before = self.sessions;
        for session in sessions {
            self.sessions += 1;
            self.events += session.events;
            self.bounces += u64::from(session.is_bounce());
            self.duration = self.duration.saturating_add(session.duration());
        }
        self.keys += u64::from(self.sessions > before);
    }

    /// Returns the share of bounces among the sessions; none without a session.
    pub fn bounce_rate(&self) -> Option<f64> {
        ratio(self.bounces, self.sessions)
    }

    /// Returns the mean duration of a session in seconds; none without a session.
    pub fn mean_seconds(&self) -> Option<f64> {
        ratio(self.duration, self.sessions).map(|milliseconds| milliseconds / 1000.0)
    }

    /// Returns the mean number of sessions of a key; none without a key.
    pub fn sessions_per_key(&self) -> Option<f64> {
        ratio(self.sessions, self.keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_one_minute_to_eight_hours() {
        assert!(SessionGap::new(60_000).is_ok() && SessionGap::new(28_800_000).is_ok());
        assert_eq!(SessionGap::new(59_999), Err(DefinitionError::Gap));
        assert_eq!(SessionGap::new(28_800_001), Err(DefinitionError::Gap));
    }

    #[test]
    fn a_pause_of_exactly_the_gap_does_not_split() {
        let gap = SessionGap::new(60_000).unwrap();
        let sessions: Vec<_> = gap.split(&[0, 60_000, 120_001, 120_001]).collect();
        let session = |from, last| Session { from, last, events: 2 };
        assert_eq!(sessions, [session(0, 60_000), session(120_001, 120_001)]);
        assert!(!sessions[1].is_bounce());
    }

    #[test]
    fn a_key_without_events_has_no_session_and_does_not_count() {
        let mut counts = SessionCounts::default();
        counts.add(SessionGap::new(60_000).unwrap().split(&[]));
        assert_eq!(counts, SessionCounts::default());
        assert_eq!(counts.bounce_rate(), None);
        assert_eq!(counts.mean_seconds(), None);
        assert_eq!(counts.sessions_per_key(), None);
    }

    proptest::proptest! {
        #[test]
        fn sessions_keep_every_event_and_are_split_by_longer_pauses_only(
            mut times in proptest::collection::vec(0i64..2_000_000, 0..40),
        ) {
            times.sort_unstable();
            let sessions: Vec<_> = SessionGap::new(60_000).unwrap().split(&times).collect();
            let events: u64 = sessions.iter().map(|session| session.events).sum();
            proptest::prop_assert_eq!(events, times.len() as u64);
            let long = times.windows(2).filter(|pair| pair[1] - pair[0] > 60_000).count();
            let splits = sessions.len().saturating_sub(1);
            proptest::prop_assert_eq!(splits, long);
        }
    }
}
