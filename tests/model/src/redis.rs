use std::collections::BTreeMap;

use crate::{
    guards::{Guard, Guards},
    log::Event,
};

/// How many writes Redis can forget.
const KEPT: usize = 12;

/// What the script answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Applied,
    AlreadyApplied,
    /// There is no fence, or the batch does not begin at it.
    ChainBroken,
}

#[derive(Clone, Debug, Default)]
struct State {
    chain: Option<Chain>,
    counters: BTreeMap<Event, u32>,
}

/// Since where the counters are counted, and how far.
#[derive(Clone, Copy, Debug)]
struct Chain {
    kgen: u16,
    start: u64,
    fence: u64,
    /// Whether what lies before the start was added from ClickHouse.
    whole: bool,
}

/// The counters of one bucket, and what they were before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redis {
    state: State,
    before: Vec<State>,
}

impl Redis {
    /// The offset that comes next.
    pub(crate) fn fence(&self, kgen: u16) -> Option<u64> {
        self.state.chain.filter(|chain| chain.kgen == kgen).map(|chain| chain.fence)
    }

    /// Begins new counters at `next`, unless there is a chain by now.
    pub(crate) fn start_chain(&mut self, kgen: u16, next: u64) {
        if self.fence(kgen).is_none() {
            self.remember();
            let chain = Chain { kgen, start: next, fence: next, whole: kgen == 0 && next == 0 };
            self.state = State { chain: Some(chain), counters: BTreeMap::new() };
        }
    }

    pub(crate) fn apply(
        &mut self,
        kgen: u16,
        first: u64,
        last: u64,
        events: &[(u64, Event)],
        guards: Guards,
    ) -> Outcome {
        let Some(chain) = self.state.chain.filter(|chain| chain.kgen == kgen) else {
            return Outcome::ChainBroken;
        };
        if last < chain.fence {
            return Outcome::AlreadyApplied;
        }
        let follows = match guards.stands(Guard::DenseChain) {
            true => first == chain.fence,
            false => first >= chain.fence,
        };
        if !follows {
            return Outcome::ChainBroken;
        }
        self.remember();
        for (_, event) in events {
            *self.state.counters.entry(*event).or_default() += 1;
        }
        self.state.chain = Some(Chain { fence: last + 1, ..chain });
        Outcome::Applied
    }

    /// Where the counters begin, while what lies before is missing from them.
    pub(crate) fn lacks_before(&self) -> Option<(u16, u64)> {
        self.state.chain.filter(|chain| !chain.whole).map(|chain| (chain.kgen, chain.start))
    }

    /// Adds what lies before the start, once.
    pub(crate) fn add_base(&mut self, kgen: u16, start: u64, base: &[Event]) {
        if self.lacks_before() != Some((kgen, start)) {
            return;
        }
        self.remember();
        for event in base {
            *self.state.counters.entry(*event).or_default() += 1;
        }
        self.state.chain = self.state.chain.map(|chain| Chain { whole: true, ..chain });
    }

    pub(crate) fn counters(&self) -> &BTreeMap<Event, u32> {
        &self.state.counters
    }

    /// Put back to an older state.
    pub(crate) fn forget(&mut self, writes: usize) {
        let keep = self.before.len().saturating_sub(writes);
        if let Some(older) = self.before.get(keep) {
            self.state = older.clone();
            self.before.truncate(keep);
        }
    }

    pub(crate) fn wipe(&mut self) {
        *self = Self::default();
    }

    fn remember(&mut self) {
        if self.before.len() == KEPT {
            self.before.remove(0);
        }
        self.before.push(self.state.clone());
    }
}
