use money::{Amount, Quantity};

use crate::ProductRef;

/// An order of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// When it was placed, in milliseconds since 1970.
    pub time: i64,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A line of an order: one product, and what of it was sent back since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The product bought.
    pub product: ProductRef,
    /// What was paid, in the order's currency, before refunds. It may be zero or negative.
    pub amount: Amount,
    /// How much was bought.
    pub quantity: Quantity,
    /// The sum of the line's refunds, a negative amount; zero if there are none.
    pub refunded: Amount,
    /// How much was sent back.
    pub returned: Quantity,
}
