//! All that is printed and kept of results.
#![expect(clippy::print_stdout, reason = "the one module that prints")]

mod results;
mod table;

pub(crate) use results::{Record, Results};
pub(crate) use table::table;

/// Says what is done now.
pub(crate) fn say(text: &str) {
    println!("{text}");
}
