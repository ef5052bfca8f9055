//! A seeded set of events in the days in which the clocks of Berlin, Lord Howe and Santiago change:
//! carts, orders and refunds in three currencies, and ads.

use std::iter;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::deck::Deck;

const SEED: u64 = 7;
/// The number of different events.
pub(crate) const EVENTS: u64 = 2_000;
/// The number of events in a request, without those that are sent again.
const REQUEST: usize = 400;
/// One in so many events is sent again in the next request.
const SENT_AGAIN: usize = 9;

/// All events lie from the first of these times to the second one.
pub(crate) const DAYS: [&str; 2] = ["2025-03-29T00:00:00Z", "2025-04-07T00:00:00Z"];
/// The length of the days, in quarter hours.
const QUARTERS: u64 = 9 * 96;
const QUARTER_MILLIS: u64 = 900_000;
/// In Berlin an hour is skipped. On Lord Howe half an hour occurs twice, and in Santiago a whole one.
const CHANGES: [&str; 3] = ["2025-03-30T01:00:00Z", "2025-04-05T15:00:00Z", "2025-04-06T03:00:00Z"];

const TYPES: [&str; 18] = [
    "ad_impression",
    "ad_impression",
    "ad_impression",
    "ad_viewable",
    "ad_click",
    "ad_click",
    "page_view",
    "product_list_view",
    "product_view",
    "product_view",
    "add_to_cart",
    "add_to_cart",
    "remove_from_cart",
    "begin_checkout",
    "purchase",
    "purchase",
    "refund",
    "custom.newsletter",
];
/// Events without items.
const OF_PAGES: [&str; 3] = ["page_view", "product_list_view", "custom.newsletter"];

/// Texts of events, with their values. Any of them may be missing.
const TEXTS: [(&str, &[&str]); 8] = [
    ("ad_id", &["ad-1", "ad-2", "ad-3", "ad-4", "ad-5"]),
    ("creative_id", &["film", "still", "carousel"]),
    ("placement", &["home-1", "home-2", "search-1"]),
    ("page_type", &["home", "search", "product_detail", "cart"]),
    ("keyword", &["boots", "Boots", "rain coat", "été", "商品", "50 %"]),
    ("device", &["mobile", "desktop", "tablet", "tv"]),
    ("country", &["DE", "AT", "IN", "CL", "AU"]),
    (
        "referrer",
        &[
            "https://www.search.example/find?q=boots",
            "https://search.example/",
            "http://news.example:8443/today#top",
            "https://www2.mail.example",
        ],
    ),
];
const CAMPAIGNS: [&str; 4] = ["spring", "autumn", "outlet", "Spring"];
const CURRENCIES: [Option<&str>; 6] =
    [None, Some("EUR"), Some("EUR"), Some("USD"), Some("USD"), Some("JPY")];
const BRANDS: [Option<&str>; 4] = [Some("acme"), Some("Ünico"), Some("=1+1"), None];
const CATEGORIES: [Option<&str>; 3] = [Some("shoes"), Some("coats"), None];
const QUANTITIES: [Option<&str>; 6] =
    [None, Some("1"), Some("2"), Some("3"), Some("0.5"), Some("0.755")];

/// Returns the requests: the events are in no order of time, and some are sent again, in the same
/// request or in the next one. No request ends with them, so once every event is counted, none of
/// them comes later.
pub(crate) fn requests() -> Vec<Vec<Value>> {
    let mut deck = Deck::of(SEED);
    let events: Vec<_> = (0..EVENTS).map(|_| event(&mut deck)).collect();
    deck.every_option_was_used();
    let none: &[Value] = &[];
    let before = iter::once(none).chain(events.chunks(REQUEST));
    let requests = before.zip(events.chunks(REQUEST)).map(|(before, own)| {
        let again = before.iter().step_by(SENT_AGAIN).chain(own.first());
        again.chain(own).cloned().collect()
    });
    requests.collect()
}

fn event(deck: &mut Deck) -> Value {
    let event_type = deck.deal("a type", &TYPES);
    let is_ad = event_type.starts_with("ad_");
    let is_order = ["purchase", "refund"].contains(&event_type);
    let currency = deck.deal("a currency", &CURRENCIES);
    let mut event = json!({"type": event_type, "event_id": Uuid::from_u128(deck.number()),
        "event_time": time(deck)});
    for (name, values) in TEXTS {
        if !deck.one_in(4) {
            event[name] = json!(deck.deal(name, values));
        }
    }
    if !deck.one_in(6) {
        event["visitor_id"] = json!(format!("visitor-{}", deck.below(60)));
    }
    if deck.one_in(3) {
        event["customer_id"] = json!(format!("customer-{}", deck.below(25)));
    }
    if is_ad || !deck.one_in(3) {
        event["campaign_id"] = json!(deck.deal("a campaign", &CAMPAIGNS));
    }
    if let Some(currency) = currency {
        event["currency"] = json!(currency);
    }
    if is_ad && !deck.one_in(3) || event_type.starts_with("custom.") {
        event["cost"] = json!(amount(deck, currency));
    }
    if is_order {
        event["order_id"] = json!(format!("order-{}", deck.below(1_000)));
    }
    if is_order && deck.one_in(2) {
        event["revenue"] = json!(amount(deck, currency));
    }
    if !OF_PAGES.contains(&event_type) {
        let number = deck.deal("a number of items", &[0, 1, 1, 2, 3, 5]);
        let items: Vec<_> = (0..number).map(|_| item(deck, currency)).collect();
        event["items"] = json!(items);
    }
    event
}

/// Returns a time in the days; often one at or just before a quarter hour near a change of a clock.
fn time(deck: &mut Deck) -> DateTime<Utc> {
    let at = |text: &str, millis: u64| {
        let time: DateTime<Utc> = text.parse().unwrap();
        DateTime::from_timestamp_millis(time.timestamp_millis() + millis as i64).unwrap()
    };
    if !deck.one_in(4) {
        return at(DAYS[0], deck.below(QUARTERS * QUARTER_MILLIS));
    }
    let change = deck.deal("a change of a clock", &CHANGES);
    let millis = (1 + deck.below(24)) * QUARTER_MILLIS - u64::from(deck.one_in(3));
    at(change, millis) - TimeDelta::hours(3)
}

/// Returns an amount: in most currencies with cents, at times with six decimal places.
fn amount(deck: &mut Deck, currency: Option<&str>) -> String {
    match deck.below(8) {
        _ if currency == Some("JPY") => deck.below(30_000).to_string(),
        0 => "0".to_owned(),
        1 => format!("0.{:06}", deck.below(1_000_000)),
        _ => format!("{}.{:02}", deck.below(200), deck.below(100)),
    }
}

/// Returns an item; a product has the same brand and category in all of them.
fn item(deck: &mut Deck, currency: Option<&str>) -> Value {
    let product = deck.below(14) as usize;
    let mut item = json!({"product_id": format!("p{product}")});
    let texts = [
        ("brand", BRANDS[product % BRANDS.len()]),
        ("category", CATEGORIES[product % CATEGORIES.len()]),
        ("quantity", deck.deal("a quantity", &QUANTITIES)),
    ];
    for (name, text) in texts.into_iter().filter_map(|(name, text)| Some((name, text?))) {
        item[name] = json!(text);
    }
    if !deck.one_in(5) {
        item["price"] = json!(amount(deck, currency));
    }
    item
}
