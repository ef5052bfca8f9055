//! The names of each field: the canonical name first, then the names of the products whose events
//! are accepted. `docs/sending-events.md` lists them for senders.

use crate::name::{Names, names};

pub(crate) const EVENT_ID: Names = names!["event_id", "message_id", "messageId", "$insert_id"];
pub(crate) const EVENT_TIME: Names = names![
    "event_time",
    "timestamp",
    "timestamp_micros",
    "original_timestamp",
    "originalTimestamp"
];
pub(crate) const SENT_AT: Names = names!["sent_at", "sentAt"];

pub(crate) const VISITOR: Names =
    names!["visitor_id", "anonymous_id", "anonymousId", "client_id", "clientId", "distinct_id"];
pub(crate) const SESSION: Names = names!["session_id", "sessionId", "ga_session_id", "$session_id"];
pub(crate) const CUSTOMER: Names = names!["customer_id", "user_id", "userId"];

pub(crate) const CAMPAIGN: Names = names!["campaign_id", "promotion_id"];
pub(crate) const AD: Names = names!["ad_id"];
pub(crate) const CREATIVE: Names = names!["creative_id", "creative", "creative_name"];
pub(crate) const PLACEMENT: Names = names!["placement", "creative_slot"];
pub(crate) const KEYWORD: Names = names!["keyword", "search_term"];
/// Only of impressions: in other events it is a property.
pub(crate) const VIEWABLE: Names = names!["viewable"];
pub(crate) const COST: Names = names!["cost"];

pub(crate) const ORDER: Names = names!["order_id", "orderId", "transaction_id"];
pub(crate) const CURRENCY: Names = names!["currency", "currency_code", "currencyCode"];
/// For an order. Segment has both `total` and `revenue`.
pub(crate) const ORDER_REVENUE: Names = names!["revenue", "value", "total"];
/// For a custom type, whose `value` may be anything.
pub(crate) const CUSTOM_REVENUE: Names = names!["revenue"];
/// For any other type: GA4 sends a `value`, and a `total` has another meaning.
pub(crate) const REVENUE: Names = names!["revenue", "value"];

pub(crate) const ITEMS: Names = names!["items", "products"];
pub(crate) const PRODUCT: Names = names!["product_id", "item_id", "productId", "sku"];
pub(crate) const PRODUCT_OF_ITEM: Names = names!["product_id", "item_id", "productId", "sku", "id"];
/// The name under which an item without an id is counted.
pub(crate) const PRODUCT_NAME: Names = names!["item_name", "product_name", "name"];
/// Feeds of products (Google Merchant Center, Meta) name the parent of a variant `item_group_id`.
pub(crate) const PARENT: Names = names!["parent_sku", "item_group_id"];
pub(crate) const BRAND: Names = names!["brand", "item_brand"];
pub(crate) const CATEGORY: Names = names!["category", "item_category"];
pub(crate) const QUANTITY: Names = names!["quantity"];
pub(crate) const PRICE: Names = names!["price"];
/// The fields of a single item that is described by the fields of its event.
pub(crate) const OF_SINGLE_ITEM: [Names; 6] = [PRODUCT, PARENT, BRAND, CATEGORY, QUANTITY, PRICE];

pub(crate) const PAGE_TYPE: Names = names!["page_type"];
pub(crate) const URL: Names = names!["url", "page_location", "$current_url"];
pub(crate) const REFERRER: Names = names!["referrer", "page_referrer", "$referrer"];
pub(crate) const USER_AGENT: Names = names!["user_agent", "userAgent"];
pub(crate) const DEVICE: Names = names!["device", "device_type", "$device_type"];
pub(crate) const COUNTRY: Names = names!["country", "country_code", "$geoip_country_code"];

/// Returns whether a field of this name has the id of a visitor.
pub fn is_visitor_field(name: &str) -> bool {
    VISITOR.iter().any(|known| known.as_str() == name)
}

/// Returns whether a field of this name has the id of a customer.
pub fn is_customer_field(name: &str) -> bool {
    CUSTOMER.iter().any(|known| known.as_str() == name)
}

/// The fields of an envelope that apply to all of its events.
pub(crate) const OF_ENVELOPE: [Names; 8] =
    [VISITOR, SESSION, CUSTOMER, CAMPAIGN, CURRENCY, EVENT_TIME, USER_AGENT, COUNTRY];
