//! Prints and stores the results.
#![expect(clippy::print_stdout, reason = "the only module that prints")]

mod results;
mod table;

pub(crate) use results::{Record, Results};
pub(crate) use table::table;

/// Prints a line.
pub(crate) fn print_line(text: &str) {
    println!("{text}");
}
