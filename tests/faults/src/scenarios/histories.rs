//! Histories: random histories of the model, with every guard, and with each guard left out.

use std::collections::BTreeMap;

use model::{Guard, Guards};

use super::{Outcome, Piece};
use crate::{Failure, oracle::Differences, stand::Verdict};

/// A missing guard must be detected within this number of steps.
const MAX_STEPS: u64 = 1_000_000;

pub(super) fn run(piece: &Piece) -> Result<Outcome, Failure> {
    let mut differences = Differences::default();
    let mut figures = BTreeMap::new();
    match model::run(piece.tries, piece.seed(), Guards::all()) {
        Ok(report) => drop(figures.insert("histories".to_owned(), report.histories as f64)),
        Err(found) => {
            differences.lost = 1;
            differences.described.push(format!("{}: {}", found.wrong, found.history));
        }
    }
    for guard in Guard::ALL {
        let Err(found) = model::run(MAX_STEPS, piece.seed(), Guards::without(guard)) else {
            return Err(format!(
                "{MAX_STEPS} steps do not detect that the guard {guard:?} is missing"
            )
            .into());
        };
        figures.insert(format!("steps until missing {guard:?} was detected"), found.steps as f64);
    }
    Ok(Outcome { figures, ..Verdict::of_model(differences).into() })
}
