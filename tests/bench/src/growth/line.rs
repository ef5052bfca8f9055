//! Prints the lines on standard output.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::path::Path;

use crate::{
    Failure,
    measure::{Machine, append, progress, shown},
};

/// The heading of the table in `docs/performance.md`.
const HEADING: &str = "growth";

/// One figure over growing sizes.
pub(super) struct Line {
    /// What grows.
    pub(super) axis: &'static str,
    /// What is measured, with its unit: a cost of one event, row, query or id.
    pub(super) figure: &'static str,
    /// Sizes and figures.
    pub(super) points: Vec<(f64, f64)>,
}

impl Line {
    /// Creates an empty line.
    pub(super) fn new(axis: &'static str, figure: &'static str) -> Self {
        Self { axis, figure, points: Vec::new() }
    }

    /// Adds a point.
    pub(super) fn add(&mut self, size: f64, figure: f64) {
        progress(&format!("{} {}: {} {}", self.axis, shown(size), shown(figure), self.figure));
        self.points.push((size, figure));
    }

    /// Returns the exponent of the growth: 0 if the figure does not depend on the size, 1 if it is
    /// proportional to it. The slope of the regression of the logarithms.
    fn exponent(&self) -> f64 {
        let logarithms: Vec<_> = self
            .points
            .iter()
            .filter(|(size, figure)| *size > 0.0 && *figure > 0.0)
            .map(|(size, figure)| (size.ln(), figure.ln()))
            .collect();
        let count = logarithms.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| logarithms.iter().map(of).sum::<f64>() / count;
        let (center, middle) = (mean(|point| point.0), mean(|point| point.1));
        let together = |(x, y): &(f64, f64)| (x - center) * (y - middle);
        let spread = |(x, _): &(f64, f64)| (x - center) * (x - center);
        logarithms.iter().map(together).sum::<f64>() / logarithms.iter().map(spread).sum::<f64>()
    }

    /// Prints lines, and records them in a document if one is given.
    ///
    /// # Errors
    /// The document cannot be written, or lacks the table.
    pub(super) fn print(lines: &[Self], record: Option<&Path>) -> Result<(), Failure> {
        let machine = Machine::this();
        println!("\n| size | figure | points | exponent |\n|---|---|---|--:|");
        for line in lines {
            let points = line.points.iter();
            let points: Vec<_> = points
                .map(|(size, figure)| format!("{}: {}", shown(*size), shown(*figure)))
                .collect();
            let points = points.join("; ");
            let Self { axis, figure, .. } = line;
            let exponent = format!("{:.2}", line.exponent());
            println!("| {axis} | {figure} | {points} | {exponent} |");
            if let Some(document) = record {
                let date = chrono::Utc::now().format("%F");
                let commit = &machine.commit;
                let row = format!(
                    "| {date} | {commit} | {machine} | {axis} | {figure} | {points} | {exponent} |"
                );
                append(document, HEADING, &row)?;
            }
        }
        println!("\n{machine}, commit {}.", machine.commit);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exponent(points: [(f64, f64); 3]) -> f64 {
        Line { axis: "", figure: "", points: points.to_vec() }.exponent()
    }

    #[test]
    fn a_constant_cost_has_the_exponent_zero_and_a_proportional_one_has_one() {
        assert!(exponent([(1.0, 5.0), (10.0, 5.0), (100.0, 5.0)]).abs() < 1e-9);
        assert!((exponent([(1.0, 2.0), (10.0, 20.0), (100.0, 200.0)]) - 1.0).abs() < 1e-9);
    }
}
