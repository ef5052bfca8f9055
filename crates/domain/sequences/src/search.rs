use crate::{Funnel, Moment, attempt::Reached, funnel::Between};

/// The search for the deepest chain of one key. The README says why it need not go back.
pub(crate) struct Search<'a> {
    choices: Choices<'a>,
    /// For each step, what must not lie before it.
    gaps: Vec<Vec<Gap>>,
}

/// The moments chosen so far. No chain of as many steps has an earlier moment for any step.
struct Choices<'a> {
    funnel: &'a Funnel,
    moments: &'a [Moment],
    chosen: Vec<Reached>,
    /// The steps whose rules are to be checked, as bits.
    unchecked: u32,
}

/// A rule that certain moments do not lie strictly between two steps.
struct Gap {
    earlier: usize,
    /// The bit of the exclusion; none if the rule concerns every moment.
    exclusion: Option<u32>,
    /// The number of moments that were read.
    read: usize,
    /// The time of the last moment read that the rule concerns.
    last: i64,
}

impl<'a> Search<'a> {
    pub(crate) fn new(funnel: &'a Funnel, exclusions: &[Between], moments: &'a [Moment]) -> Self {
        let gap = |earlier, exclusion| Gap { earlier, exclusion, read: 0, last: i64::MIN };
        let gaps_before = |step: usize| {
            let bits = (0..u32::BITS).map(|bit| 1 << bit).zip(exclusions);
            let excluded = bits
                .filter(|(_, between)| between.later == step)
                .map(|(bit, between)| gap(between.earlier, Some(bit)));
            let neighbours = step.checked_sub(1).filter(|_| funnel.strict);
            excluded.chain(neighbours.map(|earlier| gap(earlier, None))).collect()
        };
        let gaps = (0..funnel.steps).map(gaps_before).collect();
        let choices = Choices { funnel, moments, chosen: Vec::new(), unchecked: 0 };
        Self { choices, gaps }
    }

    /// Returns the moments of the deepest chain.
    pub(crate) fn deepest(mut self) -> Vec<Reached> {
        let mut deepest = Vec::new();
        while deepest.len() < self.choices.funnel.steps && self.deepen().is_some() {
            deepest.clone_from(&self.choices.chosen);
        }
        deepest
    }

    /// Chooses moments for one more step; none if there is no chain of so many steps.
    fn deepen(&mut self) -> Option<()> {
        self.choices.append()?;
        while let Some(step) = self.choices.next_unchecked() {
            let time = self.choices.chosen.get(step)?.time;
            if let Some(before) = step.checked_sub(1) {
                let funnel = self.choices.funnel;
                self.choices.delay(0, time.saturating_sub(funnel.window))?;
                if let Some(limit) = funnel.step_window {
                    self.choices.delay(before, time.saturating_sub(limit))?;
                }
            }
            for gap in self.gaps.get_mut(step)? {
                self.choices.delay(gap.earlier, gap.last_before(time, self.choices.moments))?;
            }
            self.choices.keep_order(step)?;
        }
        Some(())
    }
}

impl Choices<'_> {
    /// Chooses the first moment for one more step, regardless of the rules.
    fn append(&mut self) -> Option<()> {
        let position = self.chosen.last().map_or(0, |last| last.position + 1);
        let step = self.chosen.len();
        let first = self.first_from(step, position, i64::MIN)?;
        self.chosen.push(first);
        self.unchecked |= 1 << step;
        Some(())
    }

    fn next_unchecked(&mut self) -> Option<usize> {
        let step = self.unchecked.trailing_zeros();
        self.unchecked &= self.unchecked.wrapping_sub(1);
        (step < u32::BITS).then_some(step as usize)
    }

    /// Moves `step` to a moment that is not before `floor`; none if there is no such moment.
    fn delay(&mut self, step: usize, floor: i64) -> Option<()> {
        let current = *self.chosen.get(step)?;
        if current.time < floor { self.choose(step, current.position + 1, floor) } else { Some(()) }
    }

    /// Moves the step after `step` behind it, if it is not; none if there is no such moment.
    fn keep_order(&mut self, step: usize) -> Option<()> {
        let position = self.chosen.get(step)?.position;
        match self.chosen.get(step + 1) {
            Some(next) if next.position <= position => {
                self.choose(step + 1, position + 1, i64::MIN)
            }
            _ => Some(()),
        }
    }

    fn choose(&mut self, step: usize, from: usize, floor: i64) -> Option<()> {
        let later = self.first_from(step, from, floor)?;
        *self.chosen.get_mut(step)? = later;
        self.unchecked |= 1 << step;
        Some(())
    }

    /// Returns the first moment for a step from a position and a time on.
    fn first_from(&self, step: usize, from: usize, floor: i64) -> Option<Reached> {
        let entries = self.funnel.entries;
        let matches = |moment: &Moment| {
            moment.steps >> step & 1 == 1
                && moment.time >= floor
                && (step > 0 || entries.contains(moment.time))
        };
        let found = self.moments.get(from..)?.iter().position(matches)?;
        let position = from + found;
        self.moments.get(position).map(|moment| Reached { position, time: moment.time })
    }
}

impl Gap {
    /// Returns the time of the last moment before `time` that the rule concerns; the earliest time
    /// if there is none. `time` never descends from call to call.
    fn last_before(&mut self, time: i64, moments: &[Moment]) -> i64 {
        let unread = moments.get(self.read..).unwrap_or_default();
        for moment in unread.iter().take_while(|moment| moment.time < time) {
            self.read += 1;
            if self.exclusion.is_none_or(|bit| moment.exclusions & bit != 0) {
                self.last = moment.time;
            }
        }
        self.last
    }
}
