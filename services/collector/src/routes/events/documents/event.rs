//! The OpenAPI description of events. `domain/events` parses them; tests compare the two.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{AnyOfBuilder, ArrayBuilder, Ref, SchemaType, Type},
    },
};

use super::form::{Described, Form, object};

/// Events, in one of three forms.
pub(crate) enum BatchDocument {}

/// Something that happened in a shop or to an ad.
pub(crate) enum EventDocument {}

/// One product of an event.
pub(crate) enum ItemDocument {}

const EVENT: &str = "Something that happened in a shop or to an ad. Fields are read from the event \
    itself, from `properties` (Segment), `params` (GA4), `ecommerce` (GA4's data layer) and \
    `context` (Segment), and then from the envelope; other fields are stored under `properties`. A \
    text that is too long is cut, an id that is too long is dropped, and the answer reports this \
    in `warnings`. `docs/sending-events.md` describes all rules.";

/// Builds one row of the tables below.
const fn field(
    name: &'static str,
    form: Form,
    aliases: &'static str,
    about: &'static str,
    examples: &'static [&'static str],
) -> Described {
    Described { name, form, aliases, about, examples }
}

#[rustfmt::skip]
const EVENT_FIELDS: &[Described] = &[
    field("type", Form::Name, "`event`, `name`", "`page_view`, `product_view`, `product_list_view`, `add_to_cart`, `remove_from_cart`, `begin_checkout`, `purchase`, `refund`, `ad_impression`, `ad_viewable`, `ad_click`, a name of GA4 or Segment for one of them, or `custom.<name>`. Any other name is counted as `custom.<name>`.", &["\"product_view\"", "\"Order Completed\"", "\"custom.wishlist_add\"", "\"add_payment_info\""]),
    field("event_id", Form::EventId, "`message_id`, `messageId`, `$insert_id`", "The id of the event, ideally a UUIDv7: the same id within 24 hours counts once. From any other text a UUID is derived. When absent, it is generated, and a re-send cannot be recognised.", &["\"018f4d2a-7c1e-7a3b-9f00-3a5c6b7d8e9f\"", "\"ajs-next-1700000000000-8c1f\"", "17"]),
    field("event_time", Form::Time, "`timestamp`, `timestamp_micros`, `original_timestamp`, `originalTimestamp`", "When it happened; the time of receipt when absent. A number is seconds, milliseconds or microseconds since 1970, by its size. A time in the future is replaced by the time of receipt; one more than 30 days ago is refused (`too_old`), except from an `import` key.", &[]),
    field("sent_at", Form::Time, "`sentAt`", "When it was sent, by the sender's clock. If that is more than a minute ahead of the server, `event_time` is corrected by the difference.", &[]),
    field("visitor_id", Form::Id, "`anonymous_id`, `anonymousId`, `client_id`, `clientId`, `distinct_id`", "The browser or device.", &["\"v1\"", "\"123456.7654321\"", "17"]),
    field("session_id", Form::Id, "`sessionId`, `ga_session_id`, `$session_id`", "The visit.", &["\"s1\"", "1772368200"]),
    field("customer_id", Form::Id, "`user_id`, `userId`", "The customer, hashed by you.", &["\"8c6976e5\"", "17", "\"\""]),
    field("campaign_id", Form::Id, "`promotion_id`", "The campaign. Required for ad events.", &["\"spring-sale\"", "17"]),
    field("ad_id", Form::Id, "", "The ad.", &["\"ad-7\"", "7"]),
    field("creative_id", Form::Id, "`creative`, `creative_name`", "The creative shown.", &["\"blue\""]),
    field("placement", Form::Label(200), "`creative_slot`", "The slot on the page.", &["\"top\""]),
    field("page_type", Form::Label(200), "", "The kind of page: home, search, product…", &["\"home\""]),
    field("keyword", Form::Label(200), "`search_term`", "The search term or keyword bid on.", &["\"winter coat\""]),
    field("viewable", Form::Flag, "", "Of `ad_impression` only: whether it was viewable. Absent where that is not known.", &["true", "false"]),
    field("cost", Form::Amount, "", "What the advertiser pays for it: a decimal number, ideally as a string.", &["\"0.35\"", "0.35"]),
    field("items", Form::Items, "`products`", "The products of the event, up to 200. A single product may be sent without the array, and its fields may be sent as fields of the event.", &["[{\"product_id\": \"p1\", \"quantity\": 2, \"price\": \"29.95\"}]", "[]"]),
    field("order_id", Form::Id, "`orderId`, `transaction_id`", "The order.", &["\"o-1\"", "1234"]),
    field("revenue", Form::Amount, "`value`; of purchases and refunds `total`", "The order's total: a decimal number, ideally as a string. The sum of the items when absent. Rounded to six places.", &["\"59.90\"", "59.9", "5.989999999999998"]),
    field("currency", Form::Letters(3), "`currency_code`, `currencyCode`", "The currency of every amount (ISO 4217); the tenant's own when absent.", &["\"EUR\"", "\"usd\"", "\"\""]),
    field("url", Form::Label(4096), "`page_location`, `$current_url`, `context.page.url`", "The page.", &["\"https://shop.example/p/1\""]),
    field("referrer", Form::Label(4096), "`page_referrer`, `$referrer`, `context.page.referrer`", "The page before.", &["\"https://www.search.example/\"", "\"\""]),
    field("user_agent", Form::Label(1024), "`userAgent`, `context.userAgent`", "The browser's own name.", &["\"Mozilla/5.0\""]),
    field("device", Form::Label(200), "`device_type`, `$device_type`, `context.device.type`", "The kind of device: desktop, mobile…", &["\"mobile\""]),
    field("country", Form::Letters(2), "`country_code`, `$geoip_country_code`", "ISO 3166-1, two letters.", &["\"DE\"", "\"de\""]),
    field("properties", Form::Anything, "", "Any other values to store, nested up to eight deep; Segment sends the fields above here.", &["{\"colour\": \"red\"}", "{}"]),
];

#[rustfmt::skip]
const ITEM_FIELDS: &[Described] = &[
    field("product_id", Form::Id, "`item_id`, `productId`, `sku`, `id`", "Your id of the product. Its name when absent (`item_name`, `product_name`, `name`).", &["\"p1\"", "17"]),
    field("parent_sku", Form::Id, "`item_group_id`", "Your id of the product of which it is a variant.", &["\"shirt\"", "17"]),
    field("brand", Form::Label(200), "`item_brand`", "The brand.", &["\"Acme\"", "\"\""]),
    field("category", Form::Label(200), "`item_category`", "The category.", &["\"lamps\""]),
    field("quantity", Form::Quantity, "", "The number or amount; 1 when absent. Rounded to three places.", &["2", "\"1.0000\"", "0.5"]),
    field("price", Form::Amount, "", "The price of one: a decimal number, ideally as a string.", &["\"29.95\"", "29.95"]),
];

#[rustfmt::skip]
const ENVELOPE_FIELDS: &[Described] = &[
    field("sent_at", Form::Time, "`sentAt`", "When the request was sent, by the sender's clock. If that is more than a minute ahead of the server, the events' times are corrected by the difference.", &[]),
    field("visitor_id", Form::Id, "`anonymous_id`, `anonymousId`, `client_id`, `clientId`, `distinct_id`", "The browser or device of every event without its own. GA4's `client_id` means this, never a tenant.", &["\"v1\""]),
    field("session_id", Form::Id, "`sessionId`, `ga_session_id`, `$session_id`", "The visit.", &["\"s1\""]),
    field("customer_id", Form::Id, "`user_id`, `userId`", "The customer.", &["\"8c6976e5\""]),
    field("campaign_id", Form::Id, "`promotion_id`", "The campaign.", &["\"spring-sale\""]),
    field("currency", Form::Letters(3), "`currency_code`, `currencyCode`", "The currency.", &["\"EUR\""]),
    field("event_time", Form::Time, "`timestamp`, `timestamp_micros`, `original_timestamp`, `originalTimestamp`", "When they happened.", &[]),
    field("user_agent", Form::Label(1024), "`userAgent`", "The browser's own name.", &["\"Mozilla/5.0\""]),
    field("country", Form::Letters(2), "`country_code`, `$geoip_country_code`", "ISO 3166-1, two letters.", &["\"DE\""]),
];

fn events(about: &str) -> ArrayBuilder {
    ArrayBuilder::new().items(Ref::from_schema_name("Event")).description(Some(about))
}

impl PartialSchema for EventDocument {
    fn schema() -> RefOr<Schema> {
        object(EVENT_FIELDS, EVENT, "type").into()
    }
}

impl ToSchema for EventDocument {
    fn name() -> Cow<'static, str> {
        "Event".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ItemDocument::name().into_owned(), ItemDocument::schema()));
    }
}

impl PartialSchema for ItemDocument {
    fn schema() -> RefOr<Schema> {
        object(ITEM_FIELDS, "One product of an event", "product_id").into()
    }
}

impl ToSchema for ItemDocument {
    fn name() -> Cow<'static, str> {
        "Item".into()
    }
}

impl PartialSchema for BatchDocument {
    fn schema() -> RefOr<Schema> {
        let about = "Events, and fields that apply to all of them. The array may be named `batch`.";
        let envelope = object(ENVELOPE_FIELDS, about, "events");
        let envelope = envelope.property("events", events("The events"));
        let envelope =
            envelope.schema_type(SchemaType::Type(Type::Object)).description(Some(about));
        AnyOfBuilder::new()
            .description(Some("Events, in one of three forms"))
            .item(events("An array of events"))
            .item(envelope)
            .item(Ref::from_schema_name("Event"))
            .into()
    }
}

impl ToSchema for BatchDocument {
    fn name() -> Cow<'static, str> {
        "Batch".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((EventDocument::name().into_owned(), EventDocument::schema()));
        EventDocument::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use events::{ParseContext, ParsedEvent, parse};
    use serde_json::{Value, json};

    use crate::openapi;

    fn described(schema: &str) -> Vec<String> {
        let description = serde_json::to_value(openapi()).unwrap();
        let fields = &description["components"]["schemas"][schema]["properties"];
        fields.as_object().unwrap().keys().cloned().collect()
    }

    fn event() -> Value {
        json!({"type": "ad_impression", "campaign_id": "spring", "items": [{"product_id": "p"}]})
    }

    fn read(event: &Value) -> Result<ParsedEvent, Vec<String>> {
        let context =
            ParseContext::new(&"acme".parse().unwrap(), "EUR".parse().unwrap(), Utc::now());
        parse(event.to_string().as_bytes(), &context)
            .map_err(|errors| errors.iter().map(|error| error.pointer.clone()).collect())
    }

    /// Returns the pointers of an event's errors, or else of its warnings.
    fn pointers(event: &Value) -> Vec<String> {
        read(event).map_or_else(
            |errors| errors,
            |taken| taken.warnings.into_iter().map(|warning| warning.pointer).collect(),
        )
    }

    #[test]
    fn every_described_field_is_read() {
        let names = described("Event");
        assert!(names.len() > 20, "{names:?}");
        for name in names.iter().filter(|name| !["properties", "items"].contains(&name.as_str())) {
            let mut event = event();
            event[name] = json!({"of": "another type"});
            assert_eq!(pointers(&event), [format!("/{name}")]);
        }
        for name in described("Item") {
            let mut event = event();
            event["items"][0][&name] = json!({"of": "another type"});
            let pointers = pointers(&event);
            assert_eq!(pointers[0], format!("/items/0/{name}"), "{pointers:?}");
        }
    }

    #[test]
    fn every_written_field_is_described() {
        let known = described("Event");
        let mut event = event();
        for (name, value) in [
            ("cost", json!(1)),
            ("revenue", json!(2)),
            ("country", json!("DE")),
            ("viewable", json!(true)),
            ("event_time", json!(Utc::now())),
            ("sent_at", json!(Utc::now())),
            ("properties", json!({"a": 1})),
        ] {
            event[name] = value;
        }
        for name in known.iter() {
            if event.get(name).is_none() && !["event_id", "currency"].contains(&name.as_str()) {
                event[name] = json!("x");
            }
        }
        let written = serde_json::to_value(read(&event).unwrap().event).unwrap();
        for name in written.as_object().unwrap().keys() {
            let added = ["received_at", "event_time_sent"].contains(&name.as_str());
            assert!(added || known.contains(name), "{name} is not described");
        }
    }
}
