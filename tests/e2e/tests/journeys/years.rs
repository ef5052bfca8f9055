//! The years around the present.

use chrono::{Datelike, Utc};

/// Returns the beginnings of last year and of next year. Whatever a test sends is between them.
pub(crate) fn around_now() -> [String; 2] {
    let year = Utc::now().year();
    [year - 1, year + 1].map(|year| format!("{year}-01-01T00:00:00Z"))
}
