//! Events as senders of all sorts write them, each with what it should become.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use events::EventType;
use money::{Amount, Quantity};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// What an event should become.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) event_type: EventType,
    pub(super) event_id: Option<Uuid>,
    pub(super) event_time: DateTime<Utc>,
    pub(super) visitor_id: Option<String>,
    pub(super) customer_id: Option<String>,
    pub(super) campaign_id: Option<String>,
    pub(super) order_id: Option<String>,
    pub(super) keyword: Option<String>,
    pub(super) country: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) cost: Option<Amount>,
    pub(super) revenue: Option<Amount>,
    pub(super) items: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) product_id: String,
    pub(super) quantity: Quantity,
    pub(super) price: Option<Amount>,
}

impl Expected {
    pub(super) fn has_amount(&self) -> bool {
        let is_priced = self.items.iter().any(|line| line.price.is_some());
        self.cost.is_some() || self.revenue.is_some() || is_priced
    }

    /// What it brought in.
    pub(super) fn sales(&self) -> Amount {
        if self.event_type != EventType::Purchase {
            return Amount::ZERO;
        }
        let line = |line: &Line| line.price.unwrap_or_default().times(line.quantity);
        let total = || self.items.iter().map(line).fold(Amount::ZERO, Amount::plus);
        self.revenue.unwrap_or_else(total)
    }

    pub(super) fn units(&self) -> Quantity {
        let lines = self.items.iter().filter(|_| self.event_type == EventType::Purchase);
        lines.map(|line| line.quantity).fold(Quantity::ZERO, Quantity::plus)
    }
}

/// A body, and what each of its events should become.
pub(super) struct Batch {
    pub(super) body: Value,
    pub(super) expected: Vec<Expected>,
}

/// Writes events in every form that is accepted.
pub(super) struct Sender {
    pub(super) random: StdRng,
    /// Before this all of them happened, within three hours.
    pub(super) now: DateTime<Utc>,
}

const TYPES: &[(&str, &[&str])] = &[
    ("page_view", &["page_view", "Page Viewed", "$pageview"]),
    ("product_view", &["product_view", "view_item", "Product Viewed", "productViewed"]),
    ("add_to_cart", &["add_to_cart", "Product Added", "PRODUCT ADDED"]),
    ("purchase", &["purchase", "Order Completed", "orderCompleted", "Purchase"]),
    ("refund", &["refund", "Order Refunded"]),
    ("ad_impression", &["ad_impression", "view_promotion", "Promotion Viewed"]),
    ("ad_viewable", &["ad_viewable"]),
    ("ad_click", &["ad_click", "select_promotion", "Promotion Clicked"]),
    ("custom.product_shared", &["Product Shared", "product_shared", "custom.product_shared"]),
];
const CAMPAIGNS: [&str; 2] = ["spring", "autumn"];

impl Sender {
    fn chance(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability)
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of.choose(&mut self.random).unwrap()
    }

    /// A batch in one of the forms of a body; an envelope holds for its events.
    pub(super) fn batch(&mut self, count: usize) -> Batch {
        let mut beside = Map::new();
        let visitor = self.chance(0.5).then(|| "beside".to_owned());
        let currency = self.chance(0.3).then_some("USD");
        if let Some(visitor) = &visitor {
            let name = self.one(&["visitor_id", "client_id", "anonymousId"]);
            beside.insert(name.to_owned(), json!(visitor));
        }
        if let Some(currency) = currency {
            beside.insert("currency".to_owned(), json!(currency.to_lowercase()));
        }
        let (events, mut expected): (Vec<_>, Vec<_>) = (0..count).map(|_| self.event()).unzip();
        if beside.is_empty() && self.chance(0.5) {
            return Batch { body: own_currency(json!(events), &mut expected, None), expected };
        }
        let name = self.one(&["events", "batch"]);
        beside.insert(name.to_owned(), json!(events));
        if self.chance(0.5) {
            let name = self.one(&["sent_at", "sentAt"]);
            let sent_at = if self.chance(0.5) { Value::Null } else { json!(self.now) };
            beside.insert(name.to_owned(), sent_at);
        }
        for event in &mut expected {
            event.visitor_id = event.visitor_id.take().or(visitor.clone());
        }
        Batch { body: own_currency(json!(beside), &mut expected, currency), expected }
    }

    fn event(&mut self) -> (Value, Expected) {
        let (kind, names) = *TYPES.choose(&mut self.random).unwrap();
        let event_type: EventType = kind.parse().unwrap();
        let (mut own, mut nested) = (Map::new(), Map::new());
        let nest = self.one(&["", "", "properties", "params", "ecommerce"]);
        let name = self.one(names);
        let place = self.one(&["type", "event", "name"]);
        own.insert(place.to_owned(), json!(name));

        let event_id = self.event_id(&mut own);
        let event_time = self.event_time(&mut own);
        let mut put = |sender: &mut Self, names: &[&str], value: Value| {
            let name = sender.one(names);
            // An empty field says nothing.
            if sender.chance(0.1) {
                own.insert(name.to_owned(), json!(""));
            }
            let fields = if nest.is_empty() || sender.chance(0.3) { &mut own } else { &mut nested };
            fields.insert(name.to_owned(), value);
        };
        let visitor_id = self.chance(0.7).then(|| format!("{}", self.random.random_range(1..40)));
        if let Some(text) = &visitor_id {
            let value = self.text(text);
            put(
                self,
                &["visitor_id", "anonymous_id", "anonymousId", "client_id", "distinct_id"],
                value,
            );
        }
        let customer_id = self.chance(0.3).then(|| "c-7".to_owned());
        if let Some(text) = &customer_id {
            let value = self.text(text);
            put(self, &["customer_id", "user_id", "userId"], value);
        }
        let is_ad = event_type.is_ad();
        let campaign_id = (is_ad || self.chance(0.8)).then(|| self.one(&CAMPAIGNS).to_owned());
        if let Some(text) = &campaign_id {
            let value = self.text(text);
            put(self, &["campaign_id", "promotion_id"], value);
        }
        let order_id =
            self.chance(0.4).then(|| format!("{}", self.random.random_range(1..1_000_000)));
        if let Some(text) = &order_id {
            let value = self.text(text);
            put(self, &["order_id", "transaction_id", "orderId"], value);
        }
        let keyword = self.chance(0.2).then(|| "winter coat".to_owned());
        if keyword.is_some() {
            let value = self.one(&["winter coat", "winter\tcoat", " winter coat "]);
            put(self, &["keyword", "search_term"], json!(value));
        }
        let country = self.chance(0.3).then(|| "DE".to_owned());
        if country.is_some() {
            let value = self.one(&["DE", "de", " De "]);
            put(self, &["country", "country_code"], json!(value));
        }
        let currency = self.chance(0.4).then(|| self.one(&["EUR", "USD", "VND"]).to_owned());
        if let Some(text) = &currency {
            let written = if self.chance(0.3) { text.to_lowercase() } else { text.clone() };
            put(self, &["currency", "currency_code", "currencyCode"], json!(written));
        }
        let is_large = currency.as_deref() == Some("VND");
        let cost = (is_ad && self.chance(0.6)).then(|| self.amount(false));
        if let Some(amount) = cost {
            let value = self.number(amount);
            put(self, &["cost"], value);
        }
        let revenue = (kind == "purchase" && self.chance(0.6)).then(|| self.amount(is_large));
        if let Some(amount) = revenue {
            let value = self.number(amount);
            put(self, &["revenue", "value", "total"], value);
        }
        let mut items = Vec::new();
        if ["purchase", "product_view", "add_to_cart", "refund"].contains(&kind) && self.chance(0.8)
        {
            let count = self.random.random_range(1..4);
            let lines: Vec<_> = (0..count).map(|_| self.line(is_large)).collect();
            let (written, expected): (Vec<_>, Vec<_>) = lines.into_iter().unzip();
            items = expected;
            put(self, &["items", "products"], json!(written));
        }
        if !nested.is_empty() {
            own.insert(nest.to_owned(), json!(nested));
        } else if self.chance(0.1) {
            own.insert("properties".to_owned(), json!([]));
        }
        let expected = Expected {
            event_type,
            event_id,
            event_time,
            visitor_id,
            customer_id,
            campaign_id,
            order_id,
            keyword,
            country,
            currency,
            cost,
            revenue,
            items,
        };
        (json!(own), expected)
    }

    fn event_id(&mut self, own: &mut Map<String, Value>) -> Option<Uuid> {
        let name = self.one(&["event_id", "message_id", "messageId", "$insert_id"]).to_owned();
        let id = Uuid::from_u128(self.random.random());
        match self.random.random_range(0..3) {
            0 => None,
            1 => {
                own.insert(name, json!(format!("ajs-next-{id}")));
                None
            }
            _ => {
                own.insert(name, json!(id));
                Some(id)
            }
        }
    }

    /// A moment of the last hours, often at the edge of a quarter hour.
    fn event_time(&mut self, own: &mut Map<String, Value>) -> DateTime<Utc> {
        let ago = TimeDelta::milliseconds(self.random.random_range(120_000..3 * 3_600_000));
        let mut time =
            DateTime::from_timestamp_millis((self.now - ago).timestamp_millis()).unwrap();
        let name = self.one(&["event_time", "timestamp", "originalTimestamp", "timestamp_micros"]);
        if self.chance(0.3) {
            let quarter = time.timestamp() / 900 * 900;
            time = DateTime::from_timestamp(quarter, 0).unwrap();
            if self.chance(0.5) {
                time -= TimeDelta::milliseconds(1);
                // The end of a quarter hour may be written as a second 60.
                if self.chance(0.5) {
                    let minute = time.format("%Y-%m-%dT%H:%M:60.000Z").to_string();
                    own.insert(name.to_owned(), json!(minute));
                    return time;
                }
            }
        }
        let berlin = (time + TimeDelta::hours(2)).format("%Y-%m-%dT%H:%M:%S%.3f+0200").to_string();
        let written = match self.random.random_range(0..7) {
            0 => json!(time.to_rfc3339_opts(SecondsFormat::Millis, true)),
            1 => json!(time.to_rfc3339_opts(SecondsFormat::Nanos, false)),
            2 => json!(berlin),
            3 => json!(time.timestamp_millis()),
            4 => json!(time.timestamp_micros()),
            5 => json!(time.timestamp_millis().to_string()),
            _ => json!(time.format("%Y-%m-%d %H:%M:%S%.3f Z").to_string()),
        };
        own.insert(name.to_owned(), written);
        time
    }

    fn line(&mut self, is_large: bool) -> (Value, Line) {
        let product_id = self.random.random_range(1..30).to_string();
        // Pieces, or goods by weight.
        let thousandths = if self.chance(0.5) {
            self.random.random_range(1..6_u64) * 1_000
        } else {
            self.random.random_range(1..4_000)
        };
        let quantity = Quantity::from_thousandths(thousandths);
        let written = match self.random.random_range(0..4) {
            0 => json!(quantity),
            1 => json!(thousandths as f64 / 1e3),
            2 => {
                json!(format!("{quantity}{}0000", if thousandths % 1_000 == 0 { "." } else { "" }))
            }
            _ => json!(quantity.to_string()),
        };
        let mut item = Map::new();
        let name = self.one(&["product_id", "item_id", "sku", "id", "item_name"]);
        item.insert(name.to_owned(), self.text(&product_id));
        let price = self.chance(0.8).then(|| self.amount(is_large));
        if let Some(price) = price {
            item.insert("price".to_owned(), self.number(price));
        }
        let is_one = quantity == Quantity::ONE && self.chance(0.5);
        if !is_one {
            item.insert("quantity".to_owned(), written);
        }
        (json!(item), Line { product_id, quantity, price })
    }

    /// Cents, or a price in a currency of small units.
    fn amount(&mut self, is_large: bool) -> Amount {
        let micros = if is_large {
            self.random.random_range(1..50_000_000) * 1_000_000
        } else {
            self.random.random_range(1..100_000) * 10_000
        };
        Amount::from_micros(micros)
    }

    fn number(&mut self, amount: Amount) -> Value {
        match self.random.random_range(0..4) {
            0 => json!(amount.to_string()),
            1 => json!(format!(" {amount}0000000 ")),
            2 => json!(amount.micros() as f64 / 1e6),
            // The noise of a double that was added up.
            _ => json!(format!("{}999998", Amount::from_micros(amount.micros() - 1))),
        }
    }

    /// A text; one of digits may be a number.
    fn text(&mut self, text: &str) -> Value {
        match (self.random.random_range(0..3), text.parse::<u64>()) {
            (0, Ok(number)) => json!(number),
            (1, _) => json!(format!(" {text}")),
            _ => json!(text),
        }
    }
}

/// Events without a currency are in their envelope's, and those with amounts else in the tenant's.
fn own_currency(body: Value, expected: &mut [Expected], beside: Option<&str>) -> Value {
    for event in expected {
        let tenants = event.has_amount().then_some("EUR");
        event.currency = event.currency.take().or(beside.or(tenants).map(str::to_owned));
    }
    body
}
