//! T10: histories of the model, with every guard, and with each one left out in turn.

use std::collections::BTreeMap;

use model::{Guard, Guards};

use super::{Outcome, Piece};
use crate::{Failure, oracle::Differences, stand::Verdict};

/// Within so many steps a missing guard must show.
const CAUGHT: u64 = 1_000_000;

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
        let Err(found) = model::run(CAUGHT, piece.seed(), Guards::without(guard)) else {
            return Err(format!("{CAUGHT} steps do not miss the guard {guard:?}").into());
        };
        figures.insert(format!("steps until {guard:?} was missed"), found.steps as f64);
    }
    Ok(Outcome { figures, ..Verdict::of_model(differences).into() })
}
