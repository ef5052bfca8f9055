use sequences::{Funnel, Moment, Span};

/// The rules of a funnel, and the time up to which all events are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definition {
    pub(crate) steps: usize,
    pub(crate) window: i64,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) step_window: Option<i64>,
    pub(crate) strict: bool,
    /// Steps from 0, the earlier one first.
    pub(crate) exclusions: Vec<(usize, usize)>,
    pub(crate) as_of: i64,
}

/// The result of a key: the index of the moment of each step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) positions: Vec<usize>,
    pub(crate) excluded: bool,
    pub(crate) open: bool,
}

impl Definition {
    /// Returns the same rules as a funnel of the crate.
    pub(crate) fn funnel(&self) -> Funnel {
        let entries = Span::new(self.from, self.to).unwrap();
        let mut funnel = Funnel::new(self.steps, self.window, entries).unwrap();
        for (earlier, later) in &self.exclusions {
            funnel = funnel.excluding(*earlier, *later).unwrap();
        }
        if let Some(limit) = self.step_window {
            funnel = funnel.with_step_window(limit).unwrap();
        }
        if self.strict { funnel.strict() } else { funnel }
    }

    /// Returns the best of all chains.
    pub(crate) fn best(&self, moments: &[Moment]) -> Option<Chain> {
        let positions = self.best_positions(moments)?;
        let without = Self { exclusions: Vec::new(), ..self.clone() };
        let deeper = without.best_positions(moments)?.len();
        let end = moments[positions[0]].time + self.window;
        Some(Chain { excluded: deeper > positions.len(), positions, open: end >= self.as_of })
    }

    /// Returns the deepest chain; of several that with the earliest times, and of these that with
    /// the earliest moments.
    fn best_positions(&self, moments: &[Moment]) -> Option<Vec<usize>> {
        // Every set of moments, in their order, is a candidate.
        let sets = 1u32..1 << moments.len();
        let candidates = sets
            .filter(|set| set.count_ones() as usize <= self.steps)
            .map(|set| (0..moments.len()).filter(|at| set >> at & 1 == 1).collect::<Vec<_>>());
        let chains = candidates.filter(|positions| self.is_chain(positions, moments));
        chains.min_by_key(|positions| {
            let times: Vec<_> = positions.iter().map(|at| moments[*at].time).collect();
            (self.steps - positions.len(), times, positions.clone())
        })
    }

    /// Returns whether moments are a chain: the first is of step 0, the second of step 1, and all
    /// rules hold.
    fn is_chain(&self, positions: &[usize], moments: &[Moment]) -> bool {
        let chain: Vec<_> = positions.iter().map(|at| moments[*at]).collect();
        let entry = chain[0].time;
        let lies_between = |from: i64, to: i64, concerned: &dyn Fn(&Moment) -> bool| {
            moments.iter().any(|one| from < one.time && one.time < to && concerned(one))
        };
        chain.iter().enumerate().all(|(step, moment)| moment.steps >> step & 1 == 1)
            && (self.from..self.to).contains(&entry)
            && chain.iter().all(|moment| moment.time - entry <= self.window)
            && chain.windows(2).all(|pair| {
                let time = pair[1].time - pair[0].time;
                self.step_window.is_none_or(|limit| time <= limit)
            })
            && (!self.strict
                || chain
                    .windows(2)
                    .all(|pair| !lies_between(pair[0].time, pair[1].time, &|_| true)))
            && self.exclusions.iter().enumerate().all(|(bit, &(earlier, later))| {
                later >= chain.len()
                    || !lies_between(chain[earlier].time, chain[later].time, &|moment| {
                        moment.exclusions >> bit & 1 == 1
                    })
            })
    }
}
