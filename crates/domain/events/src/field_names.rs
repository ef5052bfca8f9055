//! The names of each field: the canonical name first, then the names of the products whose events
//! are accepted. `docs/sending-events.md` lists them for senders.

pub(crate) type Names = &'static [&'static str];

pub(crate) const EVENT_ID: Names = &["event_id", "message_id", "messageId", "$insert_id"];
pub(crate) const EVENT_TIME: Names =
    &["event_time", "timestamp", "timestamp_micros", "original_timestamp", "originalTimestamp"];
pub(crate) const SENT_AT: Names = &["sent_at", "sentAt"];

pub(crate) const VISITOR: Names =
    &["visitor_id", "anonymous_id", "anonymousId", "client_id", "clientId", "distinct_id"];
pub(crate) const SESSION: Names = &["session_id", "sessionId", "ga_session_id", "$session_id"];
pub(crate) const CUSTOMER: Names = &["customer_id", "user_id", "userId"];

pub(crate) const CAMPAIGN: Names = &["campaign_id", "promotion_id"];
pub(crate) const AD: Names = &["ad_id"];
pub(crate) const CREATIVE: Names = &["creative_id", "creative", "creative_name"];
pub(crate) const PLACEMENT: Names = &["placement", "creative_slot"];
pub(crate) const KEYWORD: Names = &["keyword", "search_term"];
pub(crate) const COST: Names = &["cost"];

pub(crate) const ORDER: Names = &["order_id", "orderId", "transaction_id"];
pub(crate) const CURRENCY: Names = &["currency", "currency_code", "currencyCode"];
/// For an order. Segment has both `total` and `revenue`.
pub(crate) const ORDER_REVENUE: Names = &["revenue", "value", "total"];
/// For a custom type, whose `value` may be anything.
pub(crate) const CUSTOM_REVENUE: Names = &["revenue"];
/// For any other type: GA4 sends a `value`, and a `total` has another meaning.
pub(crate) const REVENUE: Names = &["revenue", "value"];

pub(crate) const ITEMS: Names = &["items", "products"];
pub(crate) const PRODUCT: Names = &["product_id", "item_id", "productId", "sku"];
pub(crate) const PRODUCT_OF_ITEM: Names = &["product_id", "item_id", "productId", "sku", "id"];
/// The name under which an item without an id is counted.
pub(crate) const PRODUCT_NAME: Names = &["item_name", "product_name", "name"];
pub(crate) const BRAND: Names = &["brand", "item_brand"];
pub(crate) const CATEGORY: Names = &["category", "item_category"];
pub(crate) const QUANTITY: Names = &["quantity"];
pub(crate) const PRICE: Names = &["price"];
/// The fields of a single item that is described by the fields of its event.
pub(crate) const OF_SINGLE_ITEM: [Names; 5] = [PRODUCT, BRAND, CATEGORY, QUANTITY, PRICE];

pub(crate) const PAGE_TYPE: Names = &["page_type"];
pub(crate) const URL: Names = &["url", "page_location", "$current_url"];
pub(crate) const REFERRER: Names = &["referrer", "page_referrer", "$referrer"];
pub(crate) const USER_AGENT: Names = &["user_agent", "userAgent"];
pub(crate) const DEVICE: Names = &["device", "device_type", "$device_type"];
pub(crate) const COUNTRY: Names = &["country", "country_code", "$geoip_country_code"];

/// The fields of an envelope that apply to all of its events.
pub(crate) const OF_ENVELOPE: [Names; 8] =
    [VISITOR, SESSION, CUSTOMER, CAMPAIGN, CURRENCY, EVENT_TIME, USER_AGENT, COUNTRY];
