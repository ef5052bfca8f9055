use chrono::{DateTime, Utc};
use money::{Amount, Currency, Quantity};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenancy::CampaignId;
use uuid::Uuid;

use crate::EventType;

/// An event in a shop or of an ad, in its canonical form.
///
/// Times are in UTC, to the millisecond. Every amount is in `currency`, which is present whenever
/// an amount is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The sender's id, or a generated one; the same id within 24 hours is the same event.
    pub event_id: Uuid,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// When it happened: at most a minute after its receipt. Never a second 60.
    pub event_time: DateTime<Utc>,
    /// The time as sent; present if `event_time` differs from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time_sent: Option<DateTime<Utc>>,
    /// When the collector received it.
    pub received_at: DateTime<Utc>,
    /// The browser or device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor_id: Option<String>,
    /// The visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The customer, hashed by the retailer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// The campaign it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<CampaignId>,
    /// The ad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_id: Option<String>,
    /// The creative shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creative_id: Option<String>,
    /// The slot on the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<String>,
    /// The kind of page: home, search, product…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_type: Option<String>,
    /// The search term, or the keyword bid on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    /// The price that the advertiser pays for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Amount>,
    /// The products it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// The order's total; for other types, the value that GA4 sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revenue: Option<Amount>,
    /// The currency of every amount above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The previous page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// The user agent of the browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The kind of device: desktop, mobile…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The country: ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// All other fields that were sent.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub properties: Map<String, Value>,
}

/// One product of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The retailer's id of the product.
    pub product_id: String,
    /// The brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The quantity, always more than 0.
    pub quantity: Quantity,
    /// The price per unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Amount>,
}

impl Event {
    /// Returns the sales of a purchase: its total, or else the sum of its items. Zero for other
    /// events.
    pub fn sales(&self) -> Amount {
        if self.event_type != EventType::Purchase {
            return Amount::ZERO;
        }
        self.revenue.unwrap_or_else(|| total(&self.items))
    }

    /// Returns the units sold by a purchase, over all items. Zero for other events.
    pub fn units(&self) -> Quantity {
        if self.event_type != EventType::Purchase {
            return Quantity::ZERO;
        }
        self.items.iter().map(|item| item.quantity).fold(Quantity::ZERO, Quantity::plus)
    }
}

/// Returns the sum of price times quantity over all items.
pub(crate) fn total(items: &[Item]) -> Amount {
    let line = |item: &Item| item.price.unwrap_or_default().times(item.quantity);
    items.iter().map(line).fold(Amount::ZERO, Amount::plus)
}
