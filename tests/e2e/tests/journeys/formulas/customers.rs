//! Which order is the first of its customer, and which one is new to a brand.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
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

/// Returns the orders that are new to a brand, each with the brand: of some orders, each with a brand of
/// its items. Their customer has no other order of that brand in the 365 days before.
pub(crate) fn new_to_brand<'a>(
    orders: impl Iterator<Item = (Order<'a>, &'a str)>,
) -> HashSet<(Uuid, &'a str)> {
    let mut placed = BTreeMap::<_, Vec<_>>::new();
    let named = |order: &Order<'_>| who(order.customer, order.visitor) != ["", ""];
    for (order, brand) in orders.filter(|(order, brand)| named(order) && !brand.is_empty()) {
        let of = (who(order.customer, order.visitor), brand);
        placed.entry(of).or_default().push((order.time, order.id));
    }
    let mut new = HashSet::new();
    for ((_, brand), orders) in placed {
        for (time, id) in &orders {
            let year = *time - TimeDelta::days(365);
            let is_earlier = |(other, id_of_other): &(DateTime<Utc>, Uuid)| {
                *other >= year && (other, id_of_other) < (time, id)
            };
            if !orders.iter().any(is_earlier) {
                new.insert((*id, brand));
            }
        }
    }
    new
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
