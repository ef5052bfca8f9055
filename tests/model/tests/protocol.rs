//! The protocol holds, and not without any of its guards.
#![cfg(test)]

use model::{Guard, Guards, run};

const SEED: u64 = 20_261_121;

#[test]
fn fifty_thousand_steps_lose_and_double_nothing() {
    let report = run(50_000, SEED, Guards::all());
    assert!(report.unwrap().steps >= 50_000);
}

#[test]
fn every_guard_that_is_left_out_is_missed() {
    for guard in Guard::ALL {
        let found = run(1_000_000, SEED, Guards::without(guard)).unwrap_err();
        assert!(!found.history.is_empty(), "{guard:?}: {}", found.wrong);
    }
}
