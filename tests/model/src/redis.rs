use std::collections::BTreeMap;

use crate::{
    guards::{Guard, Guards},
    log::Event,
};

/// The number of writes that Redis can lose.
const MAX_HISTORY: usize = 12;

/// The result of the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Applied,
    AlreadyApplied,
    /// Redis has no fence, or the batch does not begin at it.
    ChainBroken,
}

#[derive(Clone, Debug, Default)]
struct State {
    chain: Option<Chain>,
    counters: BTreeMap<Event, u32>,
}

/// The range of offsets that the counters contain.
#[derive(Clone, Copy, Debug)]
struct Chain {
    generation: u16,
    start: u64,
    fence: u64,
    /// Whether the events before the start were added from ClickHouse.
    whole: bool,
}

/// The counters of one slot group, with their older states.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redis {
    state: State,
    older: Vec<State>,
}

impl Redis {
    /// Returns the next offset to apply.
    pub(crate) fn fence(&self, generation: u16) -> Option<u64> {
        self.state.chain.filter(|chain| chain.generation == generation).map(|chain| chain.fence)
    }

    /// Begins new counters at `next`, unless a chain exists.
    pub(crate) fn start_chain(&mut self, generation: u16, next: u64) {
        if self.fence(generation).is_none() {
            self.save_state();
            let chain =
                Chain { generation, start: next, fence: next, whole: generation == 0 && next == 0 };
            self.state = State { chain: Some(chain), counters: BTreeMap::new() };
        }
    }

    pub(crate) fn apply(
        &mut self,
        generation: u16,
        first: u64,
        last: u64,
        events: &[(u64, Event)],
        guards: Guards,
    ) -> Outcome {
        let Some(chain) = self.state.chain.filter(|chain| chain.generation == generation) else {
            return Outcome::ChainBroken;
        };
        if last < chain.fence {
            return Outcome::AlreadyApplied;
        }
        let follows = match guards.has(Guard::DenseChain) {
            true => first == chain.fence,
            false => first >= chain.fence,
        };
        if !follows {
            return Outcome::ChainBroken;
        }
        self.save_state();
        for (_, event) in events {
            *self.state.counters.entry(*event).or_default() += 1;
        }
        self.state.chain = Some(Chain { fence: last + 1, ..chain });
        Outcome::Applied
    }

    /// Returns where the counters begin, while earlier events are missing from them.
    pub(crate) fn missing_before(&self) -> Option<(u16, u64)> {
        self.state.chain.filter(|chain| !chain.whole).map(|chain| (chain.generation, chain.start))
    }

    /// Adds the events before the start, once.
    pub(crate) fn add_base(&mut self, generation: u16, start: u64, base: &[Event]) {
        if self.missing_before() != Some((generation, start)) {
            return;
        }
        self.save_state();
        for event in base {
            *self.state.counters.entry(*event).or_default() += 1;
        }
        self.state.chain = self.state.chain.map(|chain| Chain { whole: true, ..chain });
    }

    pub(crate) fn counters(&self) -> &BTreeMap<Event, u32> {
        &self.state.counters
    }

    /// Restores the state before this many writes.
    pub(crate) fn roll_back(&mut self, writes: usize) {
        let keep = self.older.len().saturating_sub(writes);
        if let Some(older) = self.older.get(keep) {
            self.state = older.clone();
            self.older.truncate(keep);
        }
    }

    pub(crate) fn wipe(&mut self) {
        *self = Self::default();
    }

    fn save_state(&mut self) {
        if self.older.len() == MAX_HISTORY {
            self.older.remove(0);
        }
        self.older.push(self.state.clone());
    }
}
