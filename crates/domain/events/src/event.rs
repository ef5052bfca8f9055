use std::borrow::Cow;

use chrono::{DateTime, Utc};
use money::{Amount, Currency, Quantity};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenancy::CampaignId;
use uuid::Uuid;

use crate::{EventType, time};

/// An event in a shop or of an ad, in its canonical form.
///
/// Times are in UTC, to the millisecond. Every amount is in `currency`, which is present whenever
/// an amount is. `Text` is borrowed while an event is parsed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event<Text = String> {
    /// The sender's id, or a generated one; the same id within 24 hours is the same event.
    pub event_id: Uuid,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// When it happened: at most a minute after its receipt. Never a second 60.
    #[serde(serialize_with = "time::serialize")]
    pub event_time: DateTime<Utc>,
    /// The time as sent; present if `event_time` differs from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time_sent: Option<DateTime<Utc>>,
    /// When the collector received it.
    #[serde(serialize_with = "time::serialize")]
    pub received_at: DateTime<Utc>,
    /// The browser or device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor_id: Option<Text>,
    /// The visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Text>,
    /// The customer, hashed by the retailer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<Text>,
    /// The campaign it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<CampaignId>,
    /// The ad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_id: Option<Text>,
    /// The creative shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creative_id: Option<Text>,
    /// The slot on the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Text>,
    /// The kind of page: home, search, product…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_type: Option<Text>,
    /// The search term, or the keyword bid on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<Text>,
    /// Of an impression: whether it was viewable. `None` if that is not known, and of other types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewable: Option<bool>,
    /// The price that the advertiser pays for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Amount>,
    /// The products it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item<Text>>,
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<Text>,
    /// The order's total; for other types, the value that GA4 sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revenue: Option<Amount>,
    /// The currency of every amount above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Text>,
    /// The previous page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<Text>,
    /// The user agent of the browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Text>,
    /// The kind of device: desktop, mobile…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Text>,
    /// The country: ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Text>,
    /// All other fields that were sent.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub properties: Map<String, Value>,
}

/// One product of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item<Text = String> {
    /// The retailer's id of the product.
    pub product_id: Text,
    /// The product of which it is a variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_sku: Option<Text>,
    /// The brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<Text>,
    /// The category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Text>,
    /// The quantity, always more than 0.
    pub quantity: Quantity,
    /// The price per unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Amount>,
}

impl<Text> Item<Text> {
    /// Returns price times quantity.
    pub fn total(&self) -> Amount {
        self.price.unwrap_or_default().times(self.quantity)
    }
}

/// Returns the sum of price times quantity over all items.
pub(crate) fn total<Text>(items: &[Item<Text>]) -> Amount {
    items.iter().map(Item::total).fold(Amount::ZERO, Amount::plus)
}

impl Event<Cow<'_, str>> {
    /// Copies the borrowed texts.
    pub(crate) fn into_owned(self) -> Event {
        let text = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        Event {
            event_id: self.event_id,
            event_type: self.event_type,
            event_time: self.event_time,
            event_time_sent: self.event_time_sent,
            received_at: self.received_at,
            visitor_id: text(self.visitor_id),
            session_id: text(self.session_id),
            customer_id: text(self.customer_id),
            campaign_id: self.campaign_id,
            ad_id: text(self.ad_id),
            creative_id: text(self.creative_id),
            placement: text(self.placement),
            page_type: text(self.page_type),
            keyword: text(self.keyword),
            viewable: self.viewable,
            cost: self.cost,
            items: self.items.into_iter().map(Item::into_owned).collect(),
            order_id: text(self.order_id),
            revenue: self.revenue,
            currency: self.currency,
            url: text(self.url),
            referrer: text(self.referrer),
            user_agent: text(self.user_agent),
            device: text(self.device),
            country: text(self.country),
            properties: self.properties,
        }
    }
}

impl Item<Cow<'_, str>> {
    fn into_owned(self) -> Item {
        Item {
            product_id: self.product_id.into_owned(),
            parent_sku: self.parent_sku.map(Cow::into_owned),
            brand: self.brand.map(Cow::into_owned),
            category: self.category.map(Cow::into_owned),
            quantity: self.quantity,
            price: self.price,
        }
    }
}
