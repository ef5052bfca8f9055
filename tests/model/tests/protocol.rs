//! The protocol is exact with all guards, and fails without any one of them.
#![cfg(test)]

use model::{Guard, Guards, run};

const SEED: u64 = 20_261_121;

#[test]
fn fifty_thousand_steps_lose_and_double_nothing() {
    let report = run(50_000, SEED, Guards::all());
    assert!(report.unwrap().steps >= 50_000);
}

#[test]
fn the_model_detects_every_missing_guard() {
    for guard in Guard::ALL {
        let found = run(1_000_000, SEED, Guards::without(guard)).unwrap_err();
        assert!(!found.history.is_empty(), "{guard:?}: {}", found.wrong);
    }
}
