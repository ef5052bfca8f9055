//! An event as its sender wrote it, with the names of `docs/sending-events.md`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;
use uuid::Uuid;

use super::{
    catalogue::Dimension,
    dimensions::{of_event, of_line},
};
use crate::formulas::{
    CustomerType, HOME, Order, Part, first_orders, half_even, new_to_brand, scaled,
};

/// The fields that are a text.
const TEXTS: [&str; 13] = [
    "type",
    "visitor_id",
    "customer_id",
    "campaign_id",
    "ad_id",
    "creative_id",
    "placement",
    "page_type",
    "keyword",
    "device",
    "country",
    "referrer",
    "currency",
];

/// An event; what it does not name is empty.
pub(super) struct Sent {
    pub(super) time: DateTime<Utc>,
    pub(super) customer_type: CustomerType,
    /// In the order of [`TEXTS`].
    texts: [String; TEXTS.len()],
    /// In millionths.
    cost: i128,
    revenue: Option<i128>,
    lines: Vec<Line>,
}

/// An item.
pub(super) struct Line {
    pub(super) product: String,
    pub(super) brand: String,
    pub(super) category: String,
    /// In thousandths.
    quantity: i128,
    /// Price times quantity, in millionths.
    total: i128,
    /// Whether the order is new to its brand.
    is_new_to_brand: bool,
}

impl Sent {
    /// Reads all events of a tenant, from some requests. One that is sent again counts once.
    pub(super) fn read_once(requests: &[Vec<Value>]) -> Vec<Self> {
        let mut events = BTreeMap::new();
        for event in requests.iter().flatten() {
            let id: Uuid = event["event_id"].as_str().unwrap().parse().unwrap();
            events.entry(id).or_insert_with(|| Self::read(event));
        }
        let firsts = first_orders(events.iter().filter_map(|(id, sent)| sent.order(*id)));
        let brands = events.iter().flat_map(|(id, sent)| {
            let brands = sent.lines.iter().map(|line| line.brand.as_str());
            brands.filter_map(move |brand| Some((sent.order(*id)?, brand)))
        });
        let new: BTreeSet<_> =
            new_to_brand(brands).into_iter().map(|(id, brand)| (id, brand.to_owned())).collect();
        for (id, sent) in &mut events {
            for line in &mut sent.lines {
                line.is_new_to_brand = new.contains(&(*id, line.brand.clone()));
            }
            let order = sent.order(*id);
            let customer_type = order.map(|order| order.customer_type(&firsts));
            sent.customer_type = customer_type.unwrap_or(CustomerType::None);
        }
        events.into_values().collect()
    }

    /// Reads an event that is no order.
    pub(super) fn read(event: &Value) -> Self {
        Self {
            customer_type: CustomerType::None,
            time: event["event_time"].as_str().unwrap().parse().unwrap(),
            texts: TEXTS.map(|name| text(event, name)),
            cost: decimal(&event["cost"], 6).unwrap_or(0),
            revenue: decimal(&event["revenue"], 6),
            lines: event["items"].as_array().into_iter().flatten().map(Line::read).collect(),
        }
    }

    /// Returns the order that it is, if it is one.
    fn order(&self, id: Uuid) -> Option<Order<'_>> {
        let order = Order {
            id,
            time: self.time,
            customer: self.text("customer_id"),
            visitor: self.text("visitor_id"),
        };
        self.is_purchase().then_some(order)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        let place = TEXTS.iter().position(|known| *known == name);
        &self.texts[place.unwrap_or_else(|| panic!("{name} is not a text"))]
    }

    pub(super) fn currency(&self) -> &str {
        Some(self.text("currency")).filter(|currency| !currency.is_empty()).unwrap_or(HOME)
    }

    /// Returns what the event adds to each value of a dimension: to each that its items have, if the
    /// dimension is of products.
    pub(super) fn parts(&self, dimension: &Dimension, zone: Tz) -> Vec<(Cow<'_, str>, Part<'_>)> {
        // Only orders have a type of customer; other events are in no segment.
        if dimension.name == "customer_type" && !self.is_purchase() {
            return Vec::new();
        }
        if !dimension.is_of_products {
            return vec![(of_event(self, &dimension.name, zone), self.whole())];
        }
        let mut lines = BTreeMap::<&str, Vec<&Line>>::new();
        for line in &self.lines {
            lines.entry(of_line(line, &dimension.name)).or_default().push(line);
        }
        if lines.is_empty() {
            lines.insert("", Vec::new());
        }
        let lines = lines.into_iter();
        lines.map(|(value, own)| (Cow::Borrowed(value), self.of_items(&own))).collect()
    }

    /// Returns what the event adds as a whole.
    pub(super) fn whole(&self) -> Part<'_> {
        let items = self.items();
        let of = |event_type: &str| self.revenue.filter(|_| self.text("type") == event_type);
        // The revenue of a refund that is zero is none.
        let refunded = of("refund").filter(|revenue| *revenue != 0).unwrap_or(items.refunded);
        let sales = of("purchase").unwrap_or(items.sales);
        Part { spend: self.cost, sales, refunded, ..items }
    }

    /// Returns what all its items add.
    pub(super) fn items(&self) -> Part<'_> {
        self.of_items(&self.lines.iter().collect::<Vec<_>>())
    }

    fn of_items(&self, lines: &[&Line]) -> Part<'_> {
        let of = |event_type: &str| if self.text("type") == event_type { lines } else { &[] };
        let [sold, refunded] = ["purchase", "refund"].map(of);
        let is_new = sold.iter().any(|line| line.is_new_to_brand);
        let new = sold.iter().filter(|line| line.is_new_to_brand);
        Part {
            event_type: self.text("type"),
            currency: self.currency(),
            visitor: self.text("visitor_id"),
            customer: self.text("customer_id"),
            customer_type: self.customer_type,
            units: sold.iter().map(|line| line.quantity).sum(),
            units_refunded: refunded.iter().map(|line| line.quantity).sum(),
            spend: 0,
            sales: sold.iter().map(|line| line.total).sum(),
            refunded: refunded.iter().map(|line| line.total).sum(),
            new_to_brand: is_new.then(|| new.map(|line| line.total).sum()),
        }
    }

    fn is_purchase(&self) -> bool {
        self.text("type") == "purchase"
    }
}

impl Line {
    fn read(item: &Value) -> Self {
        let quantity = decimal(&item["quantity"], 3).unwrap_or(1_000);
        let price = decimal(&item["price"], 6).unwrap_or(0);
        Self {
            product: text(item, "product_id"),
            brand: text(item, "brand"),
            category: text(item, "category"),
            quantity,
            total: half_even(price * quantity, 1_000),
            is_new_to_brand: false,
        }
    }
}

fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap_or_default().to_owned()
}

/// Reads a decimal number or its text; none if it was not sent.
fn decimal(value: &Value, places: usize) -> Option<i128> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(scaled(text, places)),
        number => Some(scaled(&number.to_string(), places)),
    }
}
