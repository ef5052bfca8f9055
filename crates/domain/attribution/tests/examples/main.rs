//! Worked examples whose results were computed by hand and by an independent program.
#![cfg(test)]

#[cfg(test)]
mod assists;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod lines;
#[cfg(test)]
mod ties;

use attribution::{Line, Order, ProductRef, Touch, TouchKind};
use money::{Amount, Quantity};

const DAY: i64 = 86_400_000;

/// Returns a time of March 2026 in UTC, such as `02T10:00:00.001`, in milliseconds since 1970.
fn march(text: &str) -> i64 {
    let time: chrono::DateTime<chrono::Utc> = format!("2026-03-{text}Z").parse().unwrap();
    time.timestamp_millis()
}

/// Returns an amount of so many units.
fn units(text: &str) -> Amount {
    text.parse().unwrap()
}

/// Returns a product of the examples: p1 B1 K1, p2 B1 K2, p3 B2 K1. Variants: p1 and p2.
fn product(number: u32) -> ProductRef {
    let (parent, brand, category) = match number {
        1 => (1, 1, 1),
        2 => (1, 1, 2),
        3 => (3, 2, 1),
        _ => return ProductRef::default(),
    };
    ProductRef {
        product: Some(number),
        parent: Some(parent),
        brand: Some(brand),
        category: Some(category),
    }
}

/// Returns a touch of March 2026. An advertised product of 0 is unknown.
fn touch(id: u128, kind: TouchKind, campaign: char, advertised: u32, time: &str) -> Touch<char> {
    let product = product(advertised);
    Touch { time: march(time), kind, id, campaign, product, viewable: None }
}

/// Returns an order of single pieces at noon of March 20th.
fn order(lines: &[(u32, &str)]) -> Order {
    let lines = lines.iter().map(|&(number, amount)| Line {
        product: product(number),
        amount: units(amount),
        quantity: Quantity::ONE,
        ..Line::default()
    });
    Order { time: march("20T12:00:00"), lines: lines.collect() }
}
