//! The ways to write amounts and quantities, each with its meaning.

use money::{Amount, Quantity};

use super::written::{Written, number};
use crate::deck::Deck;

/// Writes an amount of so many millionths.
const AMOUNTS: &[fn(u64) -> Written<Amount>] = &[
    |micros| of(micros, decimal(micros, 6)),
    |micros| of(micros, format!(" {}00\n", decimal(micros, 6))),
    |micros| of(micros, format!("{micros}00E-8")),
    |micros| of(micros, number(decimal(micros, 6))),
    |micros| of(micros, number(format!("{micros}e-6"))),
    |micros| of(micros, micros as f64 / 1e6),
    // The errors of added doubles.
    |micros| of(micros, number(decimal(micros, 6) + "0000003")).warned("rounded"),
    |micros| of(micros + 1, decimal(micros, 6) + "99999998").warned("rounded"),
];

/// Writes a quantity of so many thousandths.
const QUANTITIES: &[fn(u64) -> Written<Quantity>] = &[
    |thousandths| some(thousandths, decimal(thousandths, 3)),
    |thousandths| some(thousandths, format!("\t{}0000 ", decimal(thousandths, 3))),
    |thousandths| some(thousandths, format!("{thousandths}e-3")),
    |thousandths| some(thousandths, number(decimal(thousandths, 3))),
    |thousandths| some(thousandths / 1_000 * 1_000 + 1_000, thousandths / 1_000 + 1),
    |thousandths| some(thousandths, thousandths as f64 / 1e3),
    |thousandths| some(thousandths, number(decimal(thousandths, 3) + "4")).warned("rounded"),
];

fn of(micros: u64, json: impl Into<serde_json::Value>) -> Written<Amount> {
    Written::of(json, Amount::from_micros(micros as i64))
}

fn some(thousandths: u64, json: impl Into<serde_json::Value>) -> Written<Quantity> {
    Written::of(json, Quantity::from_thousandths(thousandths))
}

/// Returns a decimal number with so many places.
fn decimal(value: u64, places: usize) -> String {
    let one = 10_u64.pow(places as u32);
    format!("{}.{:0places$}", value / one, value % one)
}

/// Writes an amount for `field`: at times none, at times with six decimal places, mostly with cents.
/// `is_large` is for a currency of small units.
pub(super) fn amount(deck: &mut Deck, field: &str, is_large: bool) -> Written<Amount> {
    let micros = match deck.below(8) {
        _ if is_large => (1 + deck.below(50_000_000)) * 1_000_000,
        0 => 0,
        1 => 1 + deck.below(100_000_000),
        _ => (1 + deck.below(100_000)) * 10_000,
    };
    deck.deal(&format!("a way to write {field}"), AMOUNTS)(micros)
}

/// Writes a quantity: of pieces, or of goods by weight.
pub(super) fn quantity(deck: &mut Deck) -> Written<Quantity> {
    let thousandths =
        if deck.one_in(2) { (1 + deck.below(5)) * 1_000 } else { 1 + deck.below(4_000) };
    deck.deal("a way to write a quantity", QUANTITIES)(thousandths)
}
