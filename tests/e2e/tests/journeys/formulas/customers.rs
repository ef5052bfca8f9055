//! Which order is the first of its customer.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// An order, and who placed it; empty if it names none.
pub(crate) struct Order<'a> {
    pub(crate) id: Uuid,
    pub(crate) time: DateTime<Utc>,
    pub(crate) customer: &'a str,
    pub(crate) visitor: &'a str,
}

/// What an order tells of its customer.
#[derive(Clone, Copy)]
pub(crate) enum CustomerType {
    /// It is no order, or names nobody.
    None,
    New,
    Returning,
}

/// Returns the ids of the first order of each customer: of two at one moment, of that with the smaller id.
pub(crate) fn first_orders<'a>(orders: impl Iterator<Item = Order<'a>>) -> HashSet<Uuid> {
    let mut firsts = BTreeMap::new();
    for Order { id, time, customer, visitor } in orders {
        let first = firsts.entry(who(customer, visitor)).or_insert((time, id));
        *first = (*first).min((time, id));
    }
    firsts.into_values().map(|(_, id)| id).collect()
}

/// Returns who placed an order: the customer, or else the visitor.
pub(super) fn who<'a>(customer: &'a str, visitor: &'a str) -> [&'a str; 2] {
    if customer.is_empty() { ["", visitor] } else { [customer, ""] }
}

impl Order<'_> {
    /// Returns what it tells of its customer.
    pub(crate) fn customer_type(&self, firsts: &HashSet<Uuid>) -> CustomerType {
        match who(self.customer, self.visitor) {
            ["", ""] => CustomerType::None,
            _ if firsts.contains(&self.id) => CustomerType::New,
            _ => CustomerType::Returning,
        }
    }
}

impl CustomerType {
    /// Returns the value of the dimension.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::New => "new",
            Self::Returning => "returning",
        }
    }
}
