use std::time::Duration;

use tokio::time::Instant;

/// Between two reads of the quarter hours that the feed only named.
const READ_EVERY: Duration = Duration::from_secs(1);
/// When to read again after a store was unavailable.
const READ_AGAIN: Duration = Duration::from_secs(5);

/// When a broadcast reads a report, and of what: one at a time.
#[derive(Debug)]
pub(crate) struct ReadSchedule {
    is_reading: bool,
    /// When all clients are to start again, because the feed has lost changes.
    reset_due: Option<Instant>,
    next_incomplete: Instant,
}

/// A read that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// Of quarter hours that the feed only named.
    Incomplete,
    /// Of a snapshot: for the streams that are opened, or for all clients after a reset.
    Snapshot { is_reset: bool },
}

impl ReadSchedule {
    pub(crate) fn new(now: Instant) -> Self {
        Self { is_reading: false, reset_due: None, next_incomplete: now + READ_EVERY }
    }

    pub(crate) const fn is_reading(&self) -> bool {
        self.is_reading
    }

    /// Lets all clients start again from a snapshot of a later time.
    pub(crate) fn reset(&mut self, now: Instant) {
        self.reset_due = Some(now);
    }

    /// Begins the next read that is due, unless one is running. Quarter hours that are due come
    /// first, so that streams which are opened all the time do not hold them up.
    pub(crate) fn begin(
        &mut self,
        now: Instant,
        is_incomplete: bool,
        is_opening: bool,
    ) -> Option<Read> {
        if self.is_reading {
            return None;
        }
        let read = if is_incomplete && self.next_incomplete <= now {
            Read::Incomplete
        } else {
            let is_reset = self.reset_due.take_if(|due| *due <= now).is_some();
            (is_reset || is_opening).then_some(Read::Snapshot { is_reset })?
        };
        self.is_reading = true;
        Some(read)
    }

    /// Returns when [`Self::begin`] has something to do, if only for the time.
    pub(crate) fn due(&self, is_incomplete: bool) -> Option<Instant> {
        let incomplete = is_incomplete.then_some(self.next_incomplete);
        let due = self.reset_due.into_iter().chain(incomplete).min();
        due.filter(|_| !self.is_reading)
    }

    /// Ends the read that was begun last. What failed is read again later.
    pub(crate) fn end(&mut self, read: Read, now: Instant, is_ok: bool) {
        self.is_reading = false;
        let pause = if is_ok { READ_EVERY } else { READ_AGAIN };
        match read {
            Read::Incomplete => self.next_incomplete = now + pause,
            Read::Snapshot { is_reset: true } if !is_ok => self.reset_due = Some(now + pause),
            Read::Snapshot { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESET: Read = Read::Snapshot { is_reset: true };

    /// A schedule whose incomplete quarter hours are due.
    fn schedule() -> (ReadSchedule, Instant) {
        let began = Instant::now();
        (ReadSchedule::new(began), began + READ_EVERY)
    }

    #[test]
    fn a_reset_and_incomplete_quarter_hours_that_are_due_together_are_read_in_turn() {
        let (mut schedule, now) = schedule();
        schedule.reset(now);
        assert_eq!(schedule.due(true), Some(now));
        let read = schedule.begin(now, true, true);
        assert_eq!(read, Some(Read::Incomplete));
        assert_eq!((schedule.due(true), schedule.begin(now, true, true)), (None, None));
        schedule.end(Read::Incomplete, now, true);
        assert_eq!(schedule.begin(now, true, false), Some(RESET));
        schedule.end(RESET, now, true);
        assert_eq!(schedule.begin(now, true, false), None);
        assert_eq!(schedule.due(true), Some(now + READ_EVERY));
    }

    #[test]
    fn changes_that_are_lost_during_a_reset_cause_another() {
        let (mut schedule, now) = schedule();
        schedule.reset(now);
        assert_eq!(schedule.begin(now, false, false), Some(RESET));
        schedule.reset(now);
        schedule.end(RESET, now, true);
        assert_eq!(schedule.begin(now, false, false), Some(RESET));
    }

    #[test]
    fn what_could_not_be_read_is_read_again_later() {
        let (mut schedule, now) = schedule();
        schedule.reset(now);
        assert_eq!(schedule.begin(now, false, false), Some(RESET));
        schedule.end(RESET, now, false);
        assert_eq!(schedule.begin(now, false, false), None);
        assert_eq!(schedule.begin(now, false, true), Some(Read::Snapshot { is_reset: false }));
        schedule.end(Read::Snapshot { is_reset: false }, now, false);
        let later = now + READ_AGAIN;
        assert_eq!(schedule.due(false), Some(later));
        assert_eq!(schedule.begin(later, false, false), Some(RESET));
    }
}
