use std::fmt;

/// How many different reasons are kept; the rest are only counted.
const REASONS_KEPT: usize = 5;

/// What became of the events that were sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) accepted: u64,
    pub(crate) duplicate: u64,
    pub(crate) rejected: u64,
    /// Events sent more than once, because the collector asked for it or did not answer.
    pub(crate) retried: u64,
    /// The first reasons for a rejection, each with how often it was given.
    reasons: Vec<(String, u64)>,
}

impl Tally {
    /// One event was refused, and why.
    pub(crate) fn reject(&mut self, reason: String) {
        self.reject_many(reason, 1);
    }

    fn reject_many(&mut self, reason: String, count: u64) {
        self.rejected += count;
        let room = self.reasons.len() < REASONS_KEPT;
        match self.reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, times)) => *times += count,
            None if room => self.reasons.push((reason, count)),
            None => {}
        }
    }

    /// Events that have their final answer.
    pub(crate) fn answered(&self) -> u64 {
        self.accepted + self.duplicate + self.rejected
    }

    /// Adds what became of other events.
    pub(crate) fn merge(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.retried += other.retried;
        let kept: u64 = other.reasons.iter().map(|(_, times)| times).sum();
        self.rejected += other.rejected.saturating_sub(kept);
        for (reason, times) in other.reasons {
            self.reject_many(reason, times);
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accepted, duplicate, rejected, retried, reasons } = self;
        write!(out, "accepted {accepted}, duplicate {duplicate}, rejected {rejected}")?;
        if *retried > 0 {
            write!(out, " (sent again: {retried})")?;
        }
        for (reason, times) in reasons {
            write!(out, "\n  {times} x {reason}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_reason_is_told_once_with_its_count() {
        let mut tally = Tally { accepted: 7, ..Tally::default() };
        tally.reject("/type: is needed".to_owned());
        let mut other = Tally { retried: 2, ..Tally::default() };
        other.reject("/type: is needed".to_owned());
        tally.merge(other);
        let text = "accepted 7, duplicate 0, rejected 2 (sent again: 2)\n  2 x /type: is needed";
        assert_eq!(tally.to_string(), text);
        assert_eq!(tally.answered(), 9);
    }

    #[test]
    fn reasons_beyond_the_first_are_still_counted() {
        let mut tally = Tally::default();
        for number in 0..20 {
            tally.reject(format!("reason {number}"));
        }
        let mut sum = Tally::default();
        sum.merge(tally);
        assert_eq!((sum.rejected, sum.reasons.len()), (20, REASONS_KEPT));
    }
}
