use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use uuid::Builder;

use crate::{Sent, Verdict};

/// A tenant of the fixture: see `tenants/`.
#[derive(Clone, Copy, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: &'static str,
    /// The currency of amounts sent without one.
    pub currency: &'static str,
    /// The cluster its tables are on.
    pub cluster: &'static str,
    /// The database its tables are in.
    pub database: &'static str,
}

/// One tenant of each tier.
pub const TENANTS: [Tenant; 3] = [
    Tenant { id: "corner", currency: "EUR", cluster: "shared", database: "footfall_shared" },
    Tenant { id: "harbor", currency: "INR", cluster: "shared", database: "tenant_harbor" },
    Tenant { id: "summit", currency: "USD", cluster: "dedicated", database: "tenant_summit" },
];

/// The start and the end of history, which includes the start of daylight saving in New York.
pub const HISTORY: [&str; 2] = ["2024-03-09T00:00:00Z", "2024-03-12T00:00:00Z"];

/// How far back recent events reach: within what Redis counts, with a day to spare.
const RECENT_HOURS: i64 = 40;
const HISTORIC_EVENTS: usize = 80;
const RECENT_EVENTS: usize = 160;
const CURRENCIES: [&str; 4] = ["EUR", "USD", "INR", "GBP"];

/// Generates old events, for an import key.
pub fn history(tenant: &Tenant, seed: u64) -> Vec<Sent> {
    let mut traffic = Traffic::new(tenant, true, seed);
    let [from, to] = HISTORY.map(moment);
    let seconds = (to - from).num_seconds();
    for _ in 0..HISTORIC_EVENTS {
        let at = from + TimeDelta::seconds(traffic.random.random_range(0..seconds));
        traffic.add_random("heritage", at);
    }
    traffic.sent
}

/// Generates events of the hours before `now` for a collect key, some refused, some sent again.
pub fn recent(tenant: &Tenant, now: DateTime<Utc>, seed: u64) -> Vec<Sent> {
    let mut traffic = Traffic::new(tenant, false, seed);
    for _ in 0..RECENT_EVENTS {
        let back = traffic.random.random_range(0..RECENT_HOURS * 3_600);
        traffic.add_random("spring", now - TimeDelta::seconds(back));
    }
    let hour = now - TimeDelta::hours(1);
    for (revenue, currency) in [("100", "EUR"), ("50", "USD"), ("50", "USD")] {
        let order = json!({"type": "purchase", "revenue": revenue, "currency": currency});
        traffic.add("mixed", hour, order);
    }
    for (cost, currency) in [("2.50", "EUR"), ("1", "EUR"), ("0.30", "USD")] {
        let click = json!({"type": "ad_click", "cost": cost, "currency": currency});
        traffic.add("mixed", hour, click);
    }
    traffic.duplicates();
    traffic.invalid_events(now);
    traffic.sent
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

struct Traffic<'a> {
    tenant: &'a Tenant,
    is_history: bool,
    random: StdRng,
    sent: Vec<Sent>,
}

impl<'a> Traffic<'a> {
    fn new(tenant: &'a Tenant, is_history: bool, seed: u64) -> Self {
        Self { tenant, is_history, random: StdRng::seed_from_u64(seed), sent: Vec::new() }
    }

    /// Adds a random event of a shop or an ad.
    fn add_random(&mut self, campaign: &str, at: DateTime<Utc>) {
        let product = format!("p{}", self.random.random_range(0..12));
        let quantity = self.random.random_range(1..4);
        let price = format!("{}.{:02}", self.random.random_range(1..90), quantity * 7);
        let item = json!({"product_id": product, "quantity": quantity, "price": price,
            "brand": "Brand", "category": "Things"});
        let cost = format!("0.{:03}", self.random.random_range(1..900));
        let mut event = match self.random.random_range(0..12) {
            0..=3 => json!({"type": "ad_impression", "cost": cost}),
            4 => json!({"type": "ad_impression"}),
            5 => json!({"type": "ad_viewable"}),
            6 => json!({"type": "ad_click", "cost": cost}),
            7 => json!({"type": "product_view", "items": [item]}),
            8 => json!({"type": "add_to_cart", "items": [item]}),
            9 => json!({"type": "purchase", "order_id": format!("o-{cost}"), "items":
                [item, {"product_id": "p12", "quantity": 2, "price": "3.50"}]}),
            10 => json!({"type": "purchase", "revenue": price, "items": [item]}),
            _ => json!({"type": "custom.wishlist", "properties": {"list": "summer"}}),
        };
        // Amounts have the tenant's currency, another one, or none.
        let has_amount = event["cost"].is_string() || event["items"].is_array();
        if has_amount && self.random.random_range(0..3) > 0 {
            event["currency"] = json!(CURRENCIES[self.random.random_range(0..CURRENCIES.len())]);
        }
        event["visitor_id"] = json!(format!("v{}", self.random.random_range(0..30)));
        self.add(campaign, at, event);
    }

    fn add(&mut self, campaign: &str, at: DateTime<Utc>, mut event: Value) {
        event["event_id"] = json!(Builder::from_random_bytes(self.random.random()).into_uuid());
        event["campaign_id"] = json!(campaign);
        event["event_time"] = json!(at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
        event["device"] = json!("mobile");
        event["country"] = json!("DE");
        event["referrer"] = json!("https://www.example.org/search");
        self.push(Verdict::Counts, event.to_string());
    }

    /// Sends some events again.
    fn duplicates(&mut self) {
        for place in (0..self.sent.len()).step_by(17) {
            self.push(Verdict::Copy, self.sent[place].body.clone());
        }
    }

    /// Adds events that every build refuses, for several reasons.
    fn invalid_events(&mut self, now: DateTime<Utc>) {
        let time = now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let event = |fields: &str| format!(r#"{{"event_time":"{time}",{fields}}}"#);
        for body in [
            event(r#""type":"ad_click","cost":"1""#),
            event(r#""type":"ad_click","campaign_id":"spring","cost":"a lot""#),
            event(r#""type":"ad_click","campaign_id":"spring","cost":"-1""#),
            event(r#""type":"ad_click","campaign_id":"spring","cost":{"no":"amount"}"#),
            event(r#""type":"page_view","type":"ad_click""#),
            event(&format!(r#""type":"page_view","url":"{}""#, "x".repeat(300_000))),
            "17".to_owned(),
        ] {
            self.push(Verdict::Refused, body);
        }
    }

    fn push(&mut self, verdict: Verdict, body: String) {
        let tenant = self.tenant.id.to_owned();
        let is_history = self.is_history;
        self.sent.push(Sent { tenant, is_history, verdict, body });
    }
}
