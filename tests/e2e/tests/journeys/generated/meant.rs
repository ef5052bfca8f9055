//! The meaning of an event, and how each store shows it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use money::{Amount, Quantity};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::times::{Moment, Sent};
use crate::formulas::half_even;

/// The meaning of an event, as its sender knows it.
#[derive(Debug)]
pub(super) struct Meant {
    /// The event as it was sent, shown when the test fails.
    pub(super) written: String,
    pub(super) event_type: String,
    pub(super) event_id: Id,
    pub(super) moment: Moment,
    pub(super) sent: Option<Sent>,
    /// Every field that is a text, by its canonical name.
    pub(super) texts: BTreeMap<&'static str, String>,
    pub(super) viewable: Option<bool>,
    pub(super) cost: Option<Amount>,
    pub(super) revenue: Option<Amount>,
    pub(super) items: Vec<Line>,
    pub(super) properties: Map<String, Value>,
    /// The code of each warning.
    pub(super) warnings: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Id {
    Sent(Uuid),
    /// Derived from another text.
    Derived,
    Generated,
}

/// The meaning of an item.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) product_id: String,
    pub(super) parent_sku: Option<String>,
    pub(super) brand: Option<String>,
    pub(super) category: Option<String>,
    pub(super) quantity: Quantity,
    pub(super) price: Option<Amount>,
}

/// An event that was accepted.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) meant: Meant,
    pub(super) event_id: Uuid,
    pub(super) received_at: DateTime<Utc>,
    pub(super) event_time: DateTime<Utc>,
}

impl Meant {
    pub(super) fn is_ad(&self) -> bool {
        self.event_type.starts_with("ad_")
    }

    pub(super) fn is_custom(&self) -> bool {
        self.event_type.starts_with("custom.")
    }

    pub(super) fn is_purchase(&self) -> bool {
        self.event_type == "purchase"
    }

    pub(super) fn has_price(&self) -> bool {
        self.items.iter().any(|line| line.price.is_some())
    }

    pub(super) fn has_amount(&self) -> bool {
        self.cost.is_some() || self.revenue.is_some() || self.has_price()
    }

    /// Returns the sales of a purchase.
    pub(super) fn sales(&self) -> Amount {
        if !self.is_purchase() {
            return Amount::ZERO;
        }
        self.revenue.unwrap_or_else(|| self.of_items())
    }

    /// Returns what a refund pays back; a revenue of zero is none.
    pub(super) fn refunded(&self) -> Amount {
        if self.event_type != "refund" {
            return Amount::ZERO;
        }
        let revenue = self.revenue.filter(|revenue| *revenue != Amount::ZERO);
        revenue.unwrap_or_else(|| self.of_items())
    }

    fn of_items(&self) -> Amount {
        self.items.iter().map(Line::total).fold(Amount::ZERO, Amount::plus)
    }

    /// Returns the event that was accepted with this id and at this time.
    pub(super) fn accepted(self, event_id: Uuid, received_at: DateTime<Utc>) -> Accepted {
        match self.event_id {
            Id::Sent(sent) => assert_eq!(event_id, sent),
            Id::Derived => assert_eq!(event_id.get_version_num(), 5),
            Id::Generated => assert_eq!(event_id.get_version_num(), 7),
        }
        let received_at = DateTime::from_timestamp_millis(received_at.timestamp_millis()).unwrap();
        let event_time = match self.moment {
            Moment::At(time) => time,
            Moment::BeforeReceipt(before) => received_at - before,
        };
        Accepted { meant: self, event_id, received_at, event_time }
    }
}

impl Line {
    /// Returns price times quantity, rounded half to even at the sixth place.
    pub(super) fn total(&self) -> Amount {
        let micros = i128::from(self.price.unwrap_or_default().micros());
        let total = half_even(micros * i128::from(self.quantity.thousandths()), 1_000);
        Amount::from_micros(total as i64)
    }
}

impl Accepted {
    /// Returns the time that was sent, if it is not the time of the event.
    pub(super) fn other_time(&self) -> Option<DateTime<Utc>> {
        self.meant.sent.map(|sent| sent.time).filter(|sent| *sent != self.event_time)
    }

    /// Returns whether the answer reports another time than the one sent.
    pub(super) fn is_adjusted(&self) -> bool {
        self.other_time().is_some() || self.meant.sent.is_some_and(|sent| sent.is_leap)
    }

    /// Returns the event as the archive has it.
    pub(super) fn archived(&self) -> Value {
        let meant = &self.meant;
        let mut event = json!({"event_id": self.event_id, "type": meant.event_type,
            "event_time": self.event_time, "event_time_sent": self.other_time(),
            "received_at": self.received_at, "viewable": meant.viewable,
            "cost": meant.cost.map(|cost| cost.to_string()),
            "revenue": meant.revenue.map(|revenue| revenue.to_string()),
            "items": meant.items.iter().map(Line::archived).collect::<Vec<_>>(),
            "properties": meant.properties});
        for (name, text) in &meant.texts {
            event[*name] = json!(text);
        }
        without_empty(event)
    }

    /// Returns the rows of the event in ClickHouse, with all columns that do not come from the log.
    pub(super) fn rows(&self, client_id: &str) -> Vec<Value> {
        let lines: Vec<_> = match self.meant.items.as_slice() {
            [] => vec![None],
            items => items.iter().map(Some).collect(),
        };
        let row = |(index, line)| self.row(client_id, index, line);
        lines.into_iter().enumerate().map(row).collect()
    }

    fn row(&self, client_id: &str, index: usize, line: Option<&Line>) -> Value {
        let meant = &self.meant;
        let time = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%S%.3f").to_string();
        let whole = |amount: Amount| short(if index == 0 { amount } else { Amount::ZERO });
        let of_line = |text: fn(&Line) -> Option<&str>| line.and_then(text).unwrap_or_default();
        let mut row = json!({"client_id": client_id, "event_type": meant.event_type,
            "event_id": self.event_id, "kline": index, "event_time": time(self.event_time),
            "collected_at": time(self.received_at), "event_time_sent": self.other_time().map(time),
            "viewable": meant.viewable, "cost": whole(meant.cost.unwrap_or_default()),
            "revenue": whole(meant.revenue.unwrap_or_default()), "sales": whole(meant.sales()),
            "product_id": of_line(|line| Some(&line.product_id)),
            "parent_sku": of_line(|line| line.parent_sku.as_deref()),
            "brand": of_line(|line| line.brand.as_deref()),
            "category": of_line(|line| line.category.as_deref()),
            "quantity": line.map_or("0".to_owned(), |line| line.quantity.to_string()),
            "price": short(line.and_then(|line| line.price).unwrap_or_default()),
            "line_total": short(line.map(Line::total).unwrap_or_default()),
            "properties": meant.properties});
        for name in TEXTS {
            row[name] = json!(meant.texts.get(name).map_or("", String::as_str));
        }
        row
    }
}

/// The columns that are a text of the event.
const TEXTS: [&str; 16] = [
    "visitor_id",
    "session_id",
    "customer_id",
    "campaign_id",
    "ad_id",
    "creative_id",
    "placement",
    "page_type",
    "keyword",
    "order_id",
    "currency",
    "url",
    "referrer",
    "user_agent",
    "device",
    "country",
];

impl Line {
    fn archived(&self) -> Value {
        without_empty(json!({"product_id": self.product_id,
            "parent_sku": self.parent_sku, "brand": self.brand, "category": self.category,
            "quantity": self.quantity, "price": self.price.map(|price| price.to_string())}))
    }
}

/// Leaves out what the archive does not write.
fn without_empty(mut object: Value) -> Value {
    let is_empty = |value: &Value| [json!(null), json!([]), json!({})].contains(value);
    object.as_object_mut().unwrap().retain(|_, value| !is_empty(value));
    object
}

/// Writes an amount as ClickHouse does: without zeros at its end.
fn short(amount: Amount) -> String {
    amount.to_string().trim_end_matches('0').trim_end_matches('.').to_owned()
}
