//! Exact numbers: millionths of an amount, thousandths of a quantity.

use serde_json::{Value, json};

/// Reads a decimal number in units of its last place, of so many.
pub(crate) fn scaled(text: &str, places: usize) -> i128 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    assert!(rest.len() <= places, "{text} has more than {places} decimal places");
    format!("{whole}{rest:0<places$}").parse().unwrap()
}

/// Divides; half of one goes to the even neighbour.
pub(crate) fn half_even(dividend: i128, divisor: i128) -> i128 {
    let whole = dividend / divisor;
    let rest = dividend % divisor;
    let is_up = 2 * rest > divisor || (2 * rest == divisor && whole % 2 == 1);
    whole + i128::from(is_up)
}

/// Writes an amount of so many millionths: two to six decimal places.
pub(super) fn amount(micros: i128) -> Value {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.abs();
    let text = format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let end = text.trim_end_matches('0').len().max(text.len() - 4);
    json!(&text[..end])
}

/// Writes a quantity of so many thousandths: a number without zeros at its end.
pub(super) fn quantity(thousandths: i128) -> Value {
    match thousandths % 1_000 {
        0 => count(thousandths / 1_000),
        _ => json!(thousandths as f64 / 1_000.0),
    }
}

/// Writes a whole number.
pub(super) fn count(number: i128) -> Value {
    json!(number as u64)
}

/// Writes a ratio; `null` if it is not defined.
pub(super) fn ratio(above: i128, below: i128) -> Value {
    if below == 0 { Value::Null } else { json!(above as f64 / below as f64) }
}
