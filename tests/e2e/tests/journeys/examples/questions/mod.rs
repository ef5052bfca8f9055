//! The worked examples: what is asked, and the numbers that are right.

mod attribution;
mod funnels;
mod retention;
mod windows;

use serde_json::{Value, json};

pub(super) use windows::sessions;

/// A question, and its right answer in every form.
pub(super) struct Example {
    pub(super) path: String,
    /// Null: the parameters are in the path.
    pub(super) body: Value,
    /// Numbers of the JSON, by pointers.
    pub(super) json: Vec<(&'static str, &'static str)>,
    /// The kind of the rows of a file that are compared, and the columns.
    pub(super) kind: &'static str,
    pub(super) columns: &'static str,
    /// The cells of each row, with a space between them; `-` where there is nothing.
    pub(super) rows: Vec<String>,
    /// Whether rows whose last cell is zero are left out: they have assisted only.
    pub(super) without_zeros: bool,
}

impl Example {
    fn new(
        path: &str,
        body: Value,
        json: Vec<(&'static str, &'static str)>,
        (kind, columns): (&'static str, &'static str),
        rows: &[&str],
    ) -> Self {
        let rows = rows.iter().map(|row| (*row).to_owned()).collect();
        Self { path: path.to_owned(), body, json, kind, columns, rows, without_zeros: false }
    }
}

/// Returns all examples, but for the one with a late event.
pub(super) fn all() -> Vec<Example> {
    [funnels::all(), retention::all(), attribution::all(), windows::all()]
        .into_iter()
        .flatten()
        .collect()
}

fn of(example: &str) -> Value {
    json!({"dimension": "campaign", "in": [example]})
}
