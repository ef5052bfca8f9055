use std::fmt;

/// How many different reasons are listed; further ones are only counted.
const MAX_REASONS: usize = 5;

/// The outcomes of the events that were sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) accepted: u64,
    /// Events over a quota that wait for an owner of the tenant.
    pub(crate) parked: u64,
    pub(crate) duplicate: u64,
    pub(crate) rejected: u64,
    /// Events sent again, because the collector asked for it or did not answer.
    pub(crate) retried: u64,
    /// The first reasons for rejections, each with its count.
    reasons: Vec<(String, u64)>,
}

impl Tally {
    /// Counts a rejected event with its reason.
    pub(crate) fn reject(&mut self, reason: String) {
        self.reject_many(reason, 1);
    }

    fn reject_many(&mut self, reason: String, count: u64) {
        self.rejected += count;
        let room = self.reasons.len() < MAX_REASONS;
        match self.reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, times)) => *times += count,
            None if room => self.reasons.push((reason, count)),
            None => {}
        }
    }

    /// Returns how many events have a final outcome.
    pub(crate) fn answered(&self) -> u64 {
        self.accepted + self.parked + self.duplicate + self.rejected
    }

    /// Adds the outcomes of other events.
    pub(crate) fn merge(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.parked += other.parked;
        self.duplicate += other.duplicate;
        self.retried += other.retried;
        let with_reason: u64 = other.reasons.iter().map(|(_, times)| times).sum();
        self.rejected += other.rejected.saturating_sub(with_reason);
        for (reason, times) in other.reasons {
            self.reject_many(reason, times);
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accepted, parked, duplicate, rejected, retried, reasons } = self;
        write!(out, "accepted {accepted}, duplicate {duplicate}, rejected {rejected}")?;
        if *parked > 0 {
            write!(out, ", parked {parked}")?;
        }
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
    fn the_same_reason_is_listed_once_with_its_count() {
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
        assert_eq!((sum.rejected, sum.reasons.len()), (20, MAX_REASONS));
    }
}
