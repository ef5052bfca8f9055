//! Prints the figures of a run on standard output, progress on standard error.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints what it measured")]

use std::path::Path;

use super::{Machine, number::shown, record};
use crate::{Failure, options::Common};

/// A table of `docs/performance.md`: a row for each run, a column for each figure.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    /// Its heading.
    pub(crate) name: &'static str,
    /// The figures, each with its unit.
    pub(crate) columns: [&'static str; N],
}

#[cfg(test)]
impl<const N: usize> Table<N> {
    /// Returns its heading and its first line in `docs/performance.md`.
    pub(crate) fn head(&self) -> (String, String) {
        let columns = self.columns.join(" | ");
        let head = format!("| date | commit | program | machine; load | {columns} |");
        (format!("## {}", self.name), head)
    }
}

/// The figures of some rounds, of each program.
pub(crate) struct Rounds<'a, const N: usize> {
    table: &'static Table<N>,
    common: &'a Common,
    sizes: String,
    programs: Vec<Vec<[f64; N]>>,
}

impl<'a, const N: usize> Rounds<'a, N> {
    /// Creates an empty one. `sizes` states the load.
    pub(crate) fn new(table: &'static Table<N>, common: &'a Common, sizes: String) -> Self {
        let programs = vec![Vec::new(); common.programs().len()];
        Self { table, common, sizes, programs }
    }

    /// Adds a round of a program.
    pub(crate) fn add(&mut self, program: usize, figures: [f64; N]) {
        let text = figures.map(shown).join(" | ");
        eprintln!("{}: {text}", self.table.name);
        if let Some(rounds) = self.programs.get_mut(program) {
            rounds.push(figures);
        }
    }

    /// Prints medians with the lowest and the highest figure, and records them if that was asked for.
    ///
    /// # Errors
    /// The document cannot be written, or lacks the table.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let machine = Machine::this();
        let date = chrono::Utc::now().format("%F");
        println!("\n## {}\n", self.table.name);
        for (program, rounds) in self.common.programs().iter().zip(&self.programs) {
            println!("| {} | median | lowest | highest |\n|---|--:|--:|--:|", program.display());
            let mut cells = Vec::new();
            for (index, column) in self.table.columns.iter().enumerate() {
                let figures: Vec<_> =
                    rounds.iter().filter_map(|round| round.get(index)).copied().collect();
                let Spread { median, lowest, highest } = Spread::of(&figures);
                println!("| {column} | {median} | {lowest} | {highest} |");
                cells.push(match rounds.len() {
                    0 | 1 => median,
                    _ if lowest == highest => median,
                    _ => format!("{median} ({lowest}–{highest})"),
                });
            }
            println!(
                "\nMedians of {} rounds; ratios are taken within a round. {}. {machine}, commit {}.",
                rounds.len(),
                self.sizes,
                machine.commit,
            );
            if let Some(document) = &self.common.record {
                let row = format!(
                    "| {date} | {} | {} | {machine}; {}; {} rounds | {} |",
                    machine.commit,
                    name(program),
                    self.sizes,
                    rounds.len(),
                    cells.join(" | "),
                );
                record::append(document, self.table.name, &row)?;
            }
        }
        Ok(())
    }
}

fn name(program: &Path) -> String {
    program.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Prints what is being measured.
pub(crate) fn progress(text: &str) {
    eprintln!("{text}");
}

struct Spread {
    median: String,
    lowest: String,
    highest: String,
}

impl Spread {
    fn of(figures: &[f64]) -> Self {
        let mut sorted: Vec<_> = figures.iter().copied().filter(|one| one.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |rank: usize| shown(sorted.get(rank).copied().unwrap_or(f64::NAN));
        let last = sorted.len().saturating_sub(1);
        Self { median: at(last / 2), lowest: at(0), highest: at(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_round_moves_the_spread_and_not_the_median() {
        let spread = Spread::of(&[3.0, 100.0, 2.0]);
        assert_eq!([spread.median, spread.lowest, spread.highest], ["3.00", "2.00", "100"]);
    }

    #[test]
    fn of_an_even_number_the_lower_middle_is_the_median() {
        assert_eq!(Spread::of(&[4.0, 1.0]).median, "1.00");
    }

    #[test]
    fn figures_that_were_not_measured_are_left_out() {
        assert_eq!(Spread::of(&[f64::NAN, 2.0]).lowest, "2.00");
        assert_eq!(Spread::of(&[]).median, "–");
    }
}
