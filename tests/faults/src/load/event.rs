use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use metrics::QuarterHour;
use rand::{Rng, rngs::StdRng};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::{Builder, Uuid};

/// The campaigns of every tenant.
pub(crate) const CAMPAIGNS: [&str; 2] = ["spring", "autumn"];

/// The greatest age of an event: a live stream's snapshot shows two hours.
const MAX_AGE: TimeDelta = TimeDelta::minutes(90);

/// The type of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    AdImpression,
    AdClick,
    Purchase,
}

impl Kind {
    /// The name in events and tables.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AdImpression => "ad_impression",
            Self::AdClick => "ad_click",
            Self::Purchase => "purchase",
        }
    }
}

/// The counted fields of an event.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) campaign: &'static str,
    pub(crate) kind: Kind,
    /// The start of its quarter hour, in Unix seconds.
    pub(crate) quarter: i64,
    /// Products sold; each is a row.
    pub(crate) products: u8,
    #[serde(skip)]
    at: DateTime<Utc>,
}

impl Event {
    /// Returns a random event of a shop.
    pub(crate) fn random(random: &mut StdRng) -> Self {
        let kind = match random.random_range(0..10) {
            0 => Kind::Purchase,
            1 | 2 => Kind::AdClick,
            _ => Kind::AdImpression,
        };
        let age = TimeDelta::seconds(random.random_range(0..MAX_AGE.num_seconds()));
        let at = Utc::now() - age;
        Self {
            id: Builder::from_random_bytes(random.random()).into_uuid(),
            campaign: if random.random_bool(0.7) { CAMPAIGNS[0] } else { CAMPAIGNS[1] },
            kind,
            quarter: QuarterHour::containing(at).start().timestamp(),
            products: if kind == Kind::Purchase { random.random_range(1..4) } else { 0 },
            at,
        }
    }

    /// The number of its rows in ClickHouse: one for each product, or one.
    pub(crate) fn rows(&self) -> u64 {
        u64::from(self.products.max(1))
    }

    /// Units sold: 1 of the first product, 2 of the second, and so on.
    pub(crate) fn units(&self) -> u64 {
        (1..=u64::from(self.products)).sum()
    }

    /// Returns the JSON that a shop sends.
    pub(crate) fn body(&self) -> Value {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let item = |number: u8| json!({"product_id": format!("p{number}"), "quantity": number, "price": "9.90"});
        let items: Vec<_> = (1..=self.products).map(item).collect();
        let cost = match self.kind {
            Kind::AdImpression => Some("0.001"),
            Kind::AdClick => Some("0.25"),
            Kind::Purchase => None,
        };
        json!({
            "event_id": self.id, "type": self.kind.as_str(), "campaign_id": self.campaign,
            "event_time": at, "visitor_id": format!("v{}", self.id.as_u128() % 1_000),
            "cost": cost, "items": items,
        })
    }
}
