//! The ways to write a text, each with its meaning.

use serde_json::{Value, json};

use super::documented::Field;
use crate::deck::Deck;

/// Half an emoji. JSON values cannot hold it: [`in_body`] writes it.
pub(super) const HALF: char = '\u{e000}';
/// The ends of a number that a body contains as it is written here.
const NUMBER: [char; 2] = ['\u{e001}', '\u{e002}'];

/// A campaign whose id has to be encoded in paths and keys.
const OPAQUE: &str = "Été / 50 % {b00}:?#\u{fffd}";

/// Returns the campaigns of all events.
pub(super) fn campaigns() -> [String; 4] {
    ["spring".to_owned(), "17".to_owned(), OPAQUE.to_owned(), exactly(7, 200)]
}

/// A value as a sender writes it, and its meaning.
#[derive(Clone)]
pub(super) struct Written<T> {
    pub(super) json: Value,
    /// `None` if the value is dropped.
    pub(super) meant: Option<T>,
    pub(super) warnings: Vec<&'static str>,
    /// Whether the value is kept as a property.
    pub(super) is_property: bool,
}

impl<T> Written<T> {
    pub(super) fn of(json: impl Into<Value>, meant: impl Into<T>) -> Self {
        let json = json.into();
        let meant = Some(meant.into());
        Self { json, meant, warnings: Vec::new(), is_property: false }
    }

    pub(super) fn warned(mut self, warning: &'static str) -> Self {
        self.warnings.push(warning);
        self
    }

    /// Returns the same value, for a writer that does not use the meaning.
    pub(super) fn as_any(&self) -> Written<()> {
        let json = self.json.clone();
        let warnings = self.warnings.clone();
        let meant = self.meant.as_ref().map(drop);
        Written { json, meant, warnings, is_property: self.is_property }
    }

    /// Creates a value that is dropped.
    pub(super) fn left_out(json: impl Into<Value>) -> Self {
        let warnings = vec!["dropped"];
        Self { json: json.into(), meant: None, warnings, is_property: false }
    }

    /// Creates a value that is dropped, and kept as a property.
    pub(super) fn kept(json: impl Into<Value>) -> Self {
        Self { is_property: true, ..Self::left_out(json) }
    }
}

/// Returns a number that a body contains with exactly these characters.
pub(super) fn number(text: impl std::fmt::Display) -> Value {
    json!(format!("{}{text}{}", NUMBER[0], NUMBER[1]))
}

/// Returns the text of a JSON value as a body contains it.
pub(super) fn in_body(json: &Value) -> String {
    let text = json.to_string().replace(HALF, "\\ud83d");
    text.replace(&format!("\"{}", NUMBER[0]), "").replace(&format!("{}\"", NUMBER[1]), "")
}

/// Returns a JSON value as it is read from a body.
pub(super) fn as_read(json: &Value) -> Value {
    serde_json::from_str(&in_body(json).replace("\\ud83d", "\u{fffd}")).unwrap()
}

/// Writes the text of number `n`, of at most so many bytes.
type Way = fn(u64, usize) -> Written<String>;

fn text(n: u64) -> String {
    let texts = ["winter coat", "SPRING PROMO24", "Été / 50 %", "商品 分享", "so 😀 \"a\\b\" {c}"];
    format!("{} {n}", texts[n as usize % texts.len()])
}

const READ: &[Way] = &[
    |n, _| Written::of(text(n), text(n)),
    |n, _| Written::of(format!(" \n{}\t\u{a0}", text(n)), text(n)),
    |n, _| Written::of(n, n.to_string()),
    |n, _| Written::of(number(format!("{n}.50")), format!("{n}.50")),
    |n, _| {
        Written::of(12_345_678_901_234_567_000 + n, (12_345_678_901_234_567_000 + n).to_string())
    },
    |n, _| Written::of(text(n).replace(' ', "\t"), text(n)).warned("normalised"),
    |n, _| {
        Written::of(format!("\0{}", text(n).replace(' ', "\u{85}")), text(n)).warned("normalised")
    },
    |n, _| Written::of(format!("{n} {HALF}"), format!("{n} \u{fffd}")),
    |n, max| Written::of(exactly(n, max), exactly(n, max)),
];
const CUT: &[Way] = &[
    |n, max| Written::of(exactly(n, max) + "é", exactly(n, max)).warned("cut"),
    |n, max| Written::of(exactly(n, max - 2) + "x\u{e9}", exactly(n, max - 2) + "x").warned("cut"),
    |n, max| Written::of(exactly(n, max - 2) + "  x", exactly(n, max - 2)).warned("cut"),
];
const LEFT_OUT: &[Way] = &[|n, max| Written::left_out(exactly(n, max) + "x")];
const KEPT: &[Way] = &[
    |_, _| Written::kept(true),
    |n, _| Written::kept(json!({"id": n})),
    |n, _| Written::kept(json!([n.to_string()])),
];
/// What is neither a country nor a known currency.
const NO_CODE: &[Way] = &[
    |n, _| Written::kept(format!("Germany {n}")),
    |n, _| Written::kept(n),
    |_, _| Written::kept(true),
    |_, _| Written::kept("d"),
    |_, _| Written::kept("ß"),
];
const COUNTRIES: &[Way] = &[
    |_, _| Written::of("DE", "DE"),
    |_, _| Written::of(" FR\n", "FR"),
    |_, _| Written::of("gb", "GB").warned("normalised"),
    |_, _| Written::of("In ", "IN").warned("normalised"),
];
const CURRENCIES: &[Way] = &[
    |_, _| Written::of("EUR", "EUR"),
    |_, _| Written::of("VND", "VND"),
    |_, _| Written::of(" USD\t", "USD"),
    |_, _| Written::of("usd", "USD").warned("normalised"),
    |_, _| Written::of("vNd", "VND").warned("normalised"),
    |_, _| Written::of("dem", "DEM").warned("normalised"),
];
const OF_CAMPAIGNS: &[Way] = &[
    |_, _| Written::of("spring", "spring"),
    |_, _| Written::of("\n spring ", "spring"),
    |_, _| Written::of("17", "17"),
    |_, _| Written::of(17, "17"),
    |_, _| Written::of(OPAQUE.replace('\u{fffd}', &HALF.to_string()), OPAQUE),
    |_, max| Written::of(exactly(7, max), exactly(7, max)),
];
const NO_CAMPAIGN: &[Way] = &[
    |_, max| Written::kept(exactly(7, max) + "x"),
    |_, _| Written::kept("spring\tsale"),
    |_, _| Written::kept("."),
    |_, _| Written::kept(json!({"name": "spring"})),
];

/// Returns a text of exactly so many bytes.
fn exactly(n: u64, bytes: usize) -> String {
    let begin = format!("{n:04}");
    let rest = bytes - begin.len();
    format!("{begin}{}{}", "é".repeat(rest / 2), "x".repeat(rest % 2))
}

/// Writes the text of number `n` in a way that is read in this field.
pub(super) fn read(deck: &mut Deck, field: &Field, n: u64) -> Written<String> {
    let ways = match field.name {
        "campaign_id" => OF_CAMPAIGNS,
        "country" => COUNTRIES,
        "currency" => CURRENCIES,
        _ if field.accepted.contains("label") => &[READ, CUT].concat(),
        _ => READ,
    };
    deck.deal(&format!("a way to write {}", field.name), ways)(n, limit(field))
}

/// Writes a value that is dropped from this field, though the event is accepted.
pub(super) fn dropped(deck: &mut Deck, field: &Field, n: u64) -> Written<String> {
    let ways = match field.name {
        "campaign_id" => NO_CAMPAIGN,
        "country" | "currency" => NO_CODE,
        _ if field.accepted.contains("label") => KEPT,
        _ => &[LEFT_OUT, KEPT].concat(),
    };
    deck.deal(&format!("a way to lose {}", field.name), ways)(n, limit(field))
}

/// Writes a value that is read in this field, or at times dropped.
pub(super) fn any(deck: &mut Deck, field: &Field, n: u64) -> Written<String> {
    if deck.one_in(6) { dropped(deck, field, n) } else { read(deck, field, n) }
}

/// Returns the limit of a text, in bytes.
fn limit(field: &Field) -> usize {
    let (_, limit) = field.accepted.split_once(", of ").unwrap_or(("", "200"));
    let digits: String = limit.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}
