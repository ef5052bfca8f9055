//! Prints the table on standard output, progress on standard error.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints what it measured")]

use std::path::{Path, PathBuf};

use crate::machine;

/// The results of a run, by program.
pub(crate) struct Report {
    programs: Vec<Figures>,
}

struct Figures {
    program: PathBuf,
    stored: Vec<f64>,
    collected: Vec<f64>,
}

impl Report {
    /// Creates an empty report.
    pub(crate) fn new(programs: &[PathBuf]) -> Self {
        let empty = |program: &PathBuf| Figures {
            program: program.clone(),
            stored: Vec::new(),
            collected: Vec::new(),
        };
        Self { programs: programs.iter().map(empty).collect() }
    }

    /// Prints what is being measured.
    pub(crate) fn progress(&self, round: u32, program: &Path) {
        eprintln!("round {}: {}", round + 1, program.display());
    }

    /// Adds a round of a program.
    pub(crate) fn add(&mut self, program: usize, stored: f64, collected: f64) {
        if let Some(figures) = self.programs.get_mut(program) {
            figures.stored.push(stored);
            figures.collected.push(collected);
        }
    }

    /// Prints medians, and ratios to the first program within each round.
    pub(crate) fn print(&self) {
        println!(
            "| program | Kafka to ClickHouse, rows/s | ratio | collector, requests/s | ratio |"
        );
        println!("|---|--:|--:|--:|--:|");
        let Some(first) = self.programs.first() else {
            return;
        };
        for figures in &self.programs {
            println!(
                "| {} | {:.0} | {:.2} | {:.0} | {:.2} |",
                figures.program.display(),
                median(&figures.stored),
                median(&ratios(&figures.stored, &first.stored)),
                median(&figures.collected),
                median(&ratios(&figures.collected, &first.collected)),
            );
        }
        println!(
            "\nMedians of {} rounds; ratios are taken within a round.\n{}",
            first.stored.len(),
            machine::described()
        );
    }
}

fn ratios(figures: &[f64], first: &[f64]) -> Vec<f64> {
    figures.iter().zip(first).map(|(one, other)| one / other).collect()
}

/// Returns the median; of an even number of figures the lower middle, of none zero.
fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_round_does_not_move_the_median() {
        assert_eq!(median(&[3.0, 100.0, 2.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0]), 1.0);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn ratios_compare_figures_of_the_same_round() {
        assert_eq!(ratios(&[10.0, 40.0], &[20.0, 40.0]), [0.5, 1.0]);
    }
}
