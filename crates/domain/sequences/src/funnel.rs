use crate::{Attempt, DefinitionError, Moment, Span, attempt, search::Search};

/// The definition of a funnel: steps that a key takes one after the other.
///
/// A chain takes moments in their order, each for one step, and begins with the first step. It lies
/// within the window, and every further rule of the funnel holds for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funnel {
    pub(crate) steps: usize,
    pub(crate) window: i64,
    pub(crate) entries: Span,
    pub(crate) step_window: Option<i64>,
    pub(crate) strict: bool,
    pub(crate) exclusions: Vec<Between>,
}

/// The two steps between which an event is excluded, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Between {
    pub(crate) earlier: usize,
    pub(crate) later: usize,
}

impl Funnel {
    /// The greatest number of steps.
    pub const MAX_STEPS: usize = 20;
    /// The greatest number of exclusions, one for each bit of [`Moment::exclusions`].
    pub const MAX_EXCLUSIONS: usize = 32;

    /// Returns a funnel of 2 to 20 steps, in any order of events between them.
    ///
    /// The last step is at most `window` milliseconds after the first; exactly `window` is within.
    /// The first step lies in `entries`. Later steps may lie after it.
    ///
    /// # Errors
    /// The number of steps is out of range, or the window is not positive.
    pub const fn new(steps: usize, window: i64, entries: Span) -> Result<Self, DefinitionError> {
        if steps < 2 || steps > Self::MAX_STEPS {
            return Err(DefinitionError::Steps);
        }
        if window < 1 {
            return Err(DefinitionError::Window);
        }
        let exclusions = Vec::new();
        Ok(Self { steps, window, entries, step_window: None, strict: false, exclusions })
    }

    /// Limits the time from each step to the next, in milliseconds; exactly that is within.
    ///
    /// # Errors
    /// The limit is not positive.
    pub fn with_step_window(mut self, limit: i64) -> Result<Self, DefinitionError> {
        if limit < 1 {
            return Err(DefinitionError::StepWindow);
        }
        self.step_window = Some(limit);
        Ok(self)
    }

    /// Forbids every other event of the key strictly between two steps in time.
    ///
    /// Moments of a strict funnel include the events that match no step.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Adds an exclusion, whose bit of [`Moment::exclusions`] is the number of those before it.
    ///
    /// Its event may not lie strictly between the moments of the steps `earlier` and `later`, which
    /// count from 0. It concerns only chains that reach `later`.
    ///
    /// # Errors
    /// The two are not steps of the funnel in that order, or there are 32 exclusions already.
    pub fn excluding(mut self, earlier: usize, later: usize) -> Result<Self, DefinitionError> {
        if earlier >= later || later >= self.steps {
            return Err(DefinitionError::Between);
        }
        if self.exclusions.len() == Self::MAX_EXCLUSIONS {
            return Err(DefinitionError::Exclusions);
        }
        self.exclusions.push(Between { earlier, later });
        Ok(self)
    }

    /// Returns the number of steps, 2 to 20.
    pub const fn steps(&self) -> usize {
        self.steps
    }

    /// Returns how far a key gets; none if it does not enter.
    ///
    /// It is the deepest chain: of several the one with the earliest entry, and of these the one
    /// that takes each later step as early as possible. `moments` are those of one key, each event
    /// once, sorted by [`Moment::order`] and event id; otherwise the chain is any chain. `as_of`
    /// is the time in milliseconds up to which all events are known.
    ///
    /// It takes `O(moments × (steps + exclusions))` time.
    pub fn attempt(&self, moments: &[Moment], as_of: i64) -> Option<Attempt> {
        let reached = Search::new(self, &self.exclusions, moments).deepest();
        let excluded = reached.len() < self.steps
            && !self.exclusions.is_empty()
            && Search::new(self, &[], moments).deepest().len() > reached.len();
        attempt::from_search(reached, excluded, |entry| entry.saturating_add(self.window) >= as_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Span {
        Span::new(0, 1000).unwrap()
    }

    #[test]
    fn a_funnel_has_two_to_twenty_steps_and_a_window() {
        let refused = |steps, window| Funnel::new(steps, window, entries()).unwrap_err();
        assert_eq!(refused(1, 10), DefinitionError::Steps);
        assert_eq!(refused(21, 10), DefinitionError::Steps);
        assert_eq!(refused(2, 0), DefinitionError::Window);
        let funnel = Funnel::new(20, 1, entries()).unwrap();
        assert_eq!(funnel.steps(), 20);
        assert_eq!(funnel.with_step_window(0), Err(DefinitionError::StepWindow));
    }

    #[test]
    fn an_exclusion_lies_between_two_steps_of_the_funnel() {
        let funnel = Funnel::new(3, 10, entries()).unwrap();
        for (earlier, later) in [(1, 1), (2, 1), (0, 3)] {
            let refused = funnel.clone().excluding(earlier, later);
            assert_eq!(refused, Err(DefinitionError::Between), "{earlier} {later}");
        }
        let full = (0..32).try_fold(funnel, |funnel, _| funnel.excluding(0, 2)).unwrap();
        let moments = [(1, 0b001, 0), (2, 0b010, 0), (3, 0, 1 << 31), (4, 0b100, 0)]
            .map(|(time, steps, exclusions)| Moment { time, steps, exclusions });
        let attempt = full.attempt(&moments, 1000).unwrap();
        assert_eq!((attempt.depth(), attempt.is_excluded()), (2, true));
        assert_eq!(full.excluding(0, 2), Err(DefinitionError::Exclusions));
    }

    #[test]
    fn times_at_the_ends_of_the_range_of_numbers_are_handled() {
        let funnel = Funnel::new(2, i64::MAX, entries()).unwrap();
        let strict = funnel.clone().strict().with_step_window(i64::MAX).unwrap();
        let moments = [(i64::MIN, 0b11), (5, 0b01), (i64::MAX, 0b11)].map(|(time, steps)| Moment {
            time,
            steps,
            exclusions: 0,
        });
        for funnel in [funnel, strict] {
            let attempt = funnel.attempt(&moments, i64::MAX).unwrap();
            assert_eq!((attempt.entry().time, attempt.depth()), (5, 2));
        }
    }

    #[test]
    fn an_entry_is_open_until_its_window_is_over() {
        let funnel = Funnel::new(2, 100, entries()).unwrap();
        let moments = [Moment { time: 50, steps: 1, exclusions: 0 }];
        // Up to 150 all events before 150 are known: one at 150 would still be within the window.
        for (as_of, open) in [(0, true), (150, true), (151, false)] {
            assert_eq!(funnel.attempt(&moments, as_of).unwrap().is_open(), open, "{as_of}");
        }
        assert_eq!(funnel.attempt(&[], 0), None);
    }
}
