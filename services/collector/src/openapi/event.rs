//! What an event looks like to those who send it. `domain/events` reads it, and a test holds this
//! description against what it reads.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Events, in one of three forms.
#[derive(ToSchema, Serialize)]
#[serde(untagged)]
#[schema(as = Batch)]
#[expect(dead_code, reason = "describes what `domain/events` reads")]
pub(crate) enum BatchDocument {
    /// An array of events.
    Array(Vec<EventDocument>),
    /// Events, and when they are sent: the error of the sender's clock is taken out of their times.
    Envelope {
        /// When the request is sent, by the sender's clock.
        sent_at: Option<DateTime<Utc>>,
        /// The events.
        events: Vec<EventDocument>,
    },
    /// A single event.
    Event(Box<EventDocument>),
}

/// Something that happened in a shop or to an ad. The names GA4 and Segment use are understood,
/// too; fields that are not named here are kept under `properties`.
#[derive(ToSchema, Serialize)]
#[schema(as = Event)]
pub(crate) struct EventDocument {
    /// `page_view`, `product_view`, `product_list_view`, `add_to_cart`, `remove_from_cart`,
    /// `begin_checkout`, `purchase`, `refund`, `ad_impression`, `ad_viewable`, `ad_click`, or a
    /// type of your own, `custom.<name>`.
    #[schema(example = "product_view")]
    r#type: String,
    /// Names the event, best a UUIDv7: the same id within 24 hours counts once. Made by us when
    /// absent; a re-send can then not be told.
    event_id: Option<Uuid>,
    /// When it happened; the time of receipt when absent. Clamped to 30 days back and five minutes
    /// ahead; an `import` key may go back to 1970.
    event_time: Option<DateTime<Utc>>,
    /// The browser or device.
    visitor_id: Option<String>,
    /// The visit.
    session_id: Option<String>,
    /// The customer, hashed by you.
    customer_id: Option<String>,
    /// The campaign: `a-z`, `0-9` and inner `-`, up to 40 characters. Needed by ad events.
    #[schema(example = "spring-sale")]
    campaign_id: Option<String>,
    /// The ad.
    ad_id: Option<String>,
    /// The creative shown.
    creative_id: Option<String>,
    /// The slot on the page.
    placement: Option<String>,
    /// The sort of page: home, search, product…
    page_type: Option<String>,
    /// The search term or keyword bid on.
    keyword: Option<String>,
    /// What the advertiser pays for it: a decimal number, best as a string.
    #[schema(example = "0.35")]
    cost: Option<String>,
    /// The products it is about, up to 200.
    items: Option<Vec<ItemDocument>>,
    /// The order.
    order_id: Option<String>,
    /// The order's total: a decimal number, best as a string. The sum of the items when absent.
    #[schema(example = "59.90")]
    revenue: Option<String>,
    /// The currency of every amount (ISO 4217); the tenant's own when absent.
    #[schema(example = "EUR")]
    currency: Option<String>,
    /// The page.
    url: Option<String>,
    /// The page before.
    referrer: Option<String>,
    /// The browser's own name.
    user_agent: Option<String>,
    /// The sort of device: desktop, mobile…
    device: Option<String>,
    /// ISO 3166-1, two letters.
    #[schema(example = "DE")]
    country: Option<String>,
    /// Whatever else is worth keeping, nested up to eight deep.
    #[schema(value_type = Option<Object>)]
    properties: Option<BTreeMap<String, String>>,
}

/// One product of an event.
#[derive(ToSchema, Serialize)]
#[schema(as = Item)]
pub(crate) struct ItemDocument {
    /// Your id of the product.
    product_id: String,
    /// The brand.
    brand: Option<String>,
    /// The category.
    category: Option<String>,
    /// How many; 1 when absent.
    #[schema(minimum = 1)]
    quantity: Option<u32>,
    /// For one of them: a decimal number, best as a string.
    #[schema(example = "29.95")]
    price: Option<String>,
}

#[cfg(test)]
mod tests {
    use events::{Admission, parse};
    use serde_json::{Value, json};

    use crate::openapi;

    fn fields(schema: &str) -> Vec<String> {
        let description = serde_json::to_value(openapi()).unwrap();
        let fields = &description["components"]["schemas"][schema]["properties"];
        fields.as_object().unwrap().keys().cloned().collect()
    }

    fn event() -> Value {
        json!({"type": "ad_click", "campaign_id": "spring", "items": [{"product_id": "p"}]})
    }

    fn read(event: &Value) -> Result<Value, String> {
        let admission = Admission {
            received_at: chrono::Utc::now(),
            sent_at: None,
            clamp_past: true,
            currency: "EUR".parse().unwrap(),
        };
        let read = parse(event.to_string().as_bytes(), &admission);
        read.map(|event| serde_json::to_value(event).unwrap()).map_err(|error| error.pointer)
    }

    #[test]
    fn every_field_described_is_one_that_is_read() {
        let names = fields("Event");
        assert!(names.len() > 20, "{names:?}");
        for name in names.iter().filter(|name| *name != "properties") {
            let mut event = event();
            event[name] = json!({"of": "another type"});
            assert_eq!(read(&event), Err(format!("/{name}")));
        }
        for name in fields("Item") {
            let mut event = event();
            event["items"][0][&name] = json!({"of": "another type"});
            assert_eq!(read(&event), Err(format!("/items/0/{name}")));
        }
    }

    #[test]
    fn every_field_that_is_written_is_described() {
        let known = fields("Event");
        let mut event = event();
        for (name, value) in [
            ("cost", json!(1)),
            ("revenue", json!(2)),
            ("country", json!("DE")),
            ("event_time", json!("2026-01-01T00:00:00Z")),
            ("properties", json!({"a": 1})),
        ] {
            event[name] = value;
        }
        for name in known.iter() {
            if event.get(name).is_none() && !["event_id", "currency"].contains(&name.as_str()) {
                event[name] = json!("x");
            }
        }
        for name in read(&event).unwrap().as_object().unwrap().keys() {
            let ours = ["received_at", "event_time_sent"].contains(&name.as_str());
            assert!(ours || known.contains(name), "{name} is not described");
        }
    }
}
