use std::collections::BTreeMap;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// The chance of a run: the same for the same seed. Every option of a choice is used equally often.
pub(crate) struct Deck {
    random: StdRng,
    piles: BTreeMap<String, Pile>,
}

/// The options of a choice that are left in this round.
#[derive(Default)]
struct Pile {
    left: Vec<usize>,
    rounds: usize,
}

impl Deck {
    /// Takes the seed from `FOOTFALL_TEST_SEED`, or another one in every run, and prints it.
    pub(crate) fn new() -> Self {
        let given = std::env::var("FOOTFALL_TEST_SEED").ok();
        let seed = given.map_or_else(rand::random, |seed| seed.parse().unwrap());
        println!("FOOTFALL_TEST_SEED={seed}");
        Self::of(seed)
    }

    /// Returns the chance of this seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), piles: BTreeMap::new() }
    }

    /// Returns one of the options: all of them in random order before any is used again.
    pub(crate) fn deal<T: Copy>(&mut self, choice: &str, options: &[T]) -> T {
        let pile = self.piles.entry(choice.to_owned()).or_default();
        if pile.left.is_empty() {
            pile.left = (0..options.len()).collect();
            pile.left.shuffle(&mut self.random);
        }
        let dealt = options[pile.left.pop().unwrap()];
        pile.rounds += usize::from(pile.left.is_empty());
        dealt
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.random.random_range(0..end)
    }

    /// Returns `true` once in so many times.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// Returns any number of 128 bits.
    pub(crate) fn number(&mut self) -> u128 {
        self.random.random()
    }

    /// Fails the test unless every option of every choice was used.
    pub(crate) fn every_option_was_used(&self) {
        for (choice, pile) in &self.piles {
            assert!(pile.rounds > 0, "{choice}: the options {:?} were not used", pile.left);
        }
    }
}
