//! The events of the worked examples. The campaign of an event says which example it is of; ads have
//! campaigns of their own.

use chrono::{DateTime, NaiveDateTime};
use chrono_tz::Europe::Berlin;
use serde_json::{Value, json};

const VIEW: &str = "product_view";
const CART: &str = "add_to_cart";
const BUY: &str = "purchase";
const REMOVE: &str = "remove_from_cart";
const PAGE: &str = "page_view";

/// Events of a visitor: the type, the day and time of March 2026 in UTC, and the products.
type Visit = (&'static str, &'static [(&'static str, &'static str, &'static [&'static str])]);

const ORDERED: [Visit; 11] = [
    ("a", &[(VIEW, "02T10:00", &[]), (CART, "02T10:05", &[]), (BUY, "02T10:30", &[])]),
    ("b", &[(VIEW, "02T12:00", &[]), (CART, "02T12:10", &[]), (BUY, "03T12:00", &[])]),
    ("c", &[(VIEW, "02T12:00", &[]), (CART, "02T12:10", &[]), (BUY, "03T12:00:00.001", &[])]),
    ("d", &[(CART, "02T09:00", &[]), (VIEW, "02T09:30", &[]), (BUY, "02T09:45", &[])]),
    (
        "e",
        &[
            (VIEW, "02T08:00", &[]),
            (CART, "02T08:10", &[]),
            (VIEW, "03T07:00", &[]),
            (CART, "03T09:00", &[]),
            (BUY, "03T09:30", &[]),
        ],
    ),
    ("f", &[(VIEW, "01T23:59:59.999", &[]), (CART, "02T00:10", &[]), (BUY, "02T00:20", &[])]),
    ("g", &[(VIEW, "03T23:50", &[]), (CART, "04T00:05", &[]), (BUY, "04T01:00", &[])]),
    ("h", &[(CART, "02T15:00", &[]), (VIEW, "02T15:00", &[]), (BUY, "02T15:05", &[])]),
    ("k", &[(VIEW, "04T00:00", &[]), (CART, "04T00:01", &[])]),
    (
        "l",
        &[
            (VIEW, "02T00:00", &[]),
            (CART, "02T01:00", &[]),
            (VIEW, "02T23:00", &[]),
            (BUY, "03T00:30", &[]),
        ],
    ),
    ("", &[(VIEW, "02T20:00", &[]), (CART, "02T20:05", &[])]),
];

const EXCLUDED: [Visit; 7] = [
    ("m", &[(VIEW, "02T10:00", &[]), (CART, "02T10:10", &[]), (BUY, "02T10:20", &[])]),
    (
        "n",
        &[
            (VIEW, "02T10:00", &[]),
            (PAGE, "02T10:05", &[]),
            (CART, "02T10:10", &[]),
            (BUY, "02T10:20", &[]),
        ],
    ),
    (
        "o",
        &[
            (VIEW, "02T10:00", &[]),
            (CART, "02T10:10", &[]),
            (REMOVE, "02T10:15", &[]),
            (BUY, "02T10:20", &[]),
        ],
    ),
    (
        "p",
        &[
            (VIEW, "02T10:00", &[]),
            (CART, "02T10:10", &[]),
            (REMOVE, "02T10:15", &[]),
            (CART, "02T10:16", &[]),
            (BUY, "02T10:20", &[]),
        ],
    ),
    (
        "q",
        &[
            (VIEW, "02T10:00", &[]),
            (CART, "02T10:10", &[]),
            (BUY, "02T10:20", &[]),
            (REMOVE, "02T10:25", &[]),
        ],
    ),
    (
        "r",
        &[
            (VIEW, "02T10:00", &[]),
            (CART, "02T10:10", &[]),
            (REMOVE, "02T10:20", &[]),
            (BUY, "02T10:20", &[]),
        ],
    ),
    (
        "s",
        &[
            (VIEW, "02T10:00", &[]),
            (VIEW, "02T10:05", &[]),
            (CART, "02T10:10", &[]),
            (BUY, "02T10:15", &[]),
        ],
    ),
];

const HELD: [Visit; 6] = [
    (
        "t",
        &[
            (VIEW, "02T10:00", &["p1"]),
            (CART, "02T10:05", &["p1"]),
            (BUY, "02T10:30", &["p1", "p2"]),
        ],
    ),
    (
        "u",
        &[
            (VIEW, "02T10:00", &["p1"]),
            (VIEW, "02T10:01", &["p2"]),
            (CART, "02T10:05", &["p2"]),
            (BUY, "02T10:30", &["p1"]),
        ],
    ),
    (
        "w",
        &[
            (VIEW, "02T10:00", &["p3"]),
            (CART, "02T10:05", &["p3"]),
            (BUY, "02T10:30", &["p3", "p3"]),
        ],
    ),
    ("x", &[(BUY, "02T10:00", &["p4"]), (BUY, "12T10:00", &["p5"])]),
    ("y", &[(BUY, "02T10:00", &["p4"])]),
    ("z", &[(BUY, "02T11:00", &["p4"]), (BUY, "02T11:00", &["p6"])]),
];

/// Local times of views in Berlin, in March 2026.
const RETURNS: [(&str, &[&str]); 7] = [
    ("A", &["28T23:45", "29T00:01"]),
    ("B", &["28T12:00", "29T12:00", "30T11:30"]),
    ("C", &["28T10:00", "30T10:00"]),
    ("D", &["29T01:30", "30T00:30", "31T09:00"]),
    ("E", &["29T23:30"]),
    ("F", &["30T08:00", "31T08:00"]),
    ("G", &["20T10:00", "28T15:00", "31T10:00"]),
];
const WEEKLY: [(&str, &[&str]); 6] = [
    ("h", &["02T12:00", "09T12:00", "23T12:00"]),
    ("i", &["03T12:00", "23T12:00"]),
    ("j", &["08T12:00"]),
    ("k", &["09T12:00", "10T12:00", "16T12:00"]),
    ("l", &["15T12:00", "30T12:00"]),
    ("m", &["16T12:00"]),
];

/// Customers, as only their events have them.
const SESSIONS: [(&str, &[&str]); 4] = [
    ("s1", &["02T10:00", "02T10:30", "02T11:00:00.001", "02T11:20"]),
    ("s2", &["02T22:50", "02T23:10"]),
    ("s3", &["02T12:00"]),
    ("s4", &["29T00:50", "29T01:10"]),
];

/// Clicks and views: the visitor, the type, the campaign, and the time.
const TOUCHES: [(&str, &str, &str, &str); 13] = [
    ("c1", "ad_click", "X", "10T12:00"),
    ("c1", "ad_impression", "Y", "20T11:00"),
    ("c2", "ad_click", "X", "06T12:00"),
    ("c3", "ad_click", "X", "06T11:59:59.999"),
    ("c3", "ad_impression", "Y", "19T12:00"),
    ("c4", "ad_click", "X", "19T10:00"),
    ("c4", "ad_click", "Y", "19T10:00"),
    ("c5", "ad_click", "X", "20T12:00:00.001"),
    ("c6", "ad_click", "X", "20T12:00"),
    ("c6", "ad_impression", "Y", "20T12:00"),
    ("c7", "ad_impression", "Y", "20T09:00"),
    ("c7", "ad_impression", "X", "20T08:00"),
    ("c8", "ad_impression", "Y", "19T11:59:59.999"),
];

/// Returns the events of all examples, but for the late one.
pub(super) fn all() -> Vec<Value> {
    let mut events = Vec::new();
    for (example, visits) in [("f1", &ORDERED[..]), ("f2", &EXCLUDED[..]), ("f3", &HELD[..])] {
        for (visitor, visit) in visits {
            let visitor = (!visitor.is_empty()).then(|| format!("{example}-{visitor}"));
            events.extend(visit.iter().map(|(kind, time, products)| {
                event(kind, &march(time), example, &visitor, &items(products))
            }));
        }
    }
    let mut again = event(VIEW, &march("02T18:00"), "f1", &Some("f1-i".to_owned()), &json!([]));
    again["event_id"] = json!("the same event");
    events.extend([again.clone(), again]);
    let late = Some("f3-y".to_owned());
    events.push(event(BUY, "2026-04-01T10:00:00.001Z", "f3", &late, &items(&["p4"])));

    for (example, visits) in [("r1", &RETURNS[..]), ("r2", &WEEKLY[..])] {
        for (visitor, times) in visits {
            let visitor = Some(format!("{example}-{visitor}"));
            events.extend(times.iter().map(|time| {
                event(VIEW, &berlin(&format!("2026-03-{time}")), example, &visitor, &json!([]))
            }));
        }
    }
    for (customer, times) in SESSIONS {
        events.extend(times.iter().map(|time| of_customer(customer, time)));
    }
    events.extend(touched());
    events.extend(basket());
    events.extend(quarters());
    events.extend(sold());
    events
}

/// Returns the event that arrives late, and joins two sessions.
pub(super) fn late() -> Value {
    of_customer("s1", "02T10:45")
}

/// Returns how many events are counted: one is sent twice.
pub(super) fn counted() -> u64 {
    all().len() as u64 - 1
}

fn march(time: &str) -> String {
    let seconds = if time.len() > "02T10:00".len() { "" } else { ":00" };
    format!("2026-03-{time}{seconds}Z")
}

fn berlin(local: &str) -> String {
    let local: NaiveDateTime = format!("{local}:00").parse().unwrap();
    local.and_local_timezone(Berlin).unwrap().to_utc().to_rfc3339()
}

fn items(products: &[&str]) -> Value {
    products.iter().map(|product| json!({"product_id": product})).collect()
}

fn event(kind: &str, time: &str, campaign: &str, visitor: &Option<String>, items: &Value) -> Value {
    json!({
        "type": kind, "event_time": time, "campaign_id": campaign, "visitor_id": visitor,
        "items": items,
    })
}

fn of_customer(customer: &str, time: &str) -> Value {
    json!({
        "type": VIEW, "event_time": march(time), "campaign_id": "w2",
        "customer_id": format!("w2-{customer}"),
    })
}

/// Eight visitors who each buy for 100 on the 20th.
fn touched() -> Vec<Value> {
    let mut events = Vec::new();
    for (number, (visitor, kind, campaign, time)) in TOUCHES.iter().enumerate() {
        let mut touch = json!({
            "type": kind, "event_time": march(time), "campaign_id": campaign,
            "visitor_id": format!("a1-{visitor}"),
            // The number decides between equal times.
            "event_id": format!("00000000-0000-7000-8000-0000000000{number:02x}"),
        });
        if (*visitor, *campaign) == ("c7", "Y") {
            touch["viewable"] = json!(false);
        }
        events.push(touch);
    }
    events.extend((1..=8).map(|visitor| {
        json!({
            "type": BUY, "event_time": march("20T12:00"), "visitor_id": format!("a1-c{visitor}"),
            "order_id": format!("a1-{visitor}"), "currency": "EUR",
            "items": [{"product_id": "a1", "price": "100"}],
        })
    }));
    events
}

/// An order of three products, and in the same session four ads of single products, and a refund.
fn basket() -> Vec<Value> {
    let item = |product: &str| {
        let (brand, category, price) = match product {
            "p1" => ("B1", "K1", "10.01"),
            "p2" => ("B1", "K2", "20.00"),
            _ => ("B2", "K1", "30.00"),
        };
        json!({"product_id": product, "brand": brand, "category": category, "price": price})
    };
    let ad = |kind: &str, campaign: &str, time: &str, product: &str| {
        json!({
            "type": kind, "event_time": march(time), "campaign_id": campaign,
            "session_id": "a2", "items": [item(product)],
        })
    };
    let order = |kind: &str, time: &str, products: &[&str]| {
        let items: Vec<_> = products.iter().map(|product| item(product)).collect();
        json!({
            "type": kind, "event_time": march(time), "session_id": "a2", "order_id": "a2",
            "currency": "EUR", "items": items,
        })
    };
    vec![
        ad("ad_click", "X", "18T12:00", "p1"),
        ad("ad_click", "Y", "19T12:00", "p3"),
        ad("ad_click", "Z", "19T18:00", "p1"),
        ad("ad_impression", "W", "20T10:00", "p2"),
        order(BUY, "20T12:00", &["p1", "p2", "p3"]),
        order("refund", "25T12:00", &["p1"]),
    ]
}

/// The impressions and clicks of some quarter hours.
fn quarters() -> Vec<Value> {
    let quarters = [
        ("02T09:00", 100, 1),
        ("02T09:15", 100, 2),
        ("02T09:45", 200, 0),
        ("02T10:00", 50, 5),
        ("02T11:00", 0, 1),
    ];
    let of = |kind: &str, time: &str, number: usize| {
        let ad = json!({"type": kind, "event_time": march(time), "campaign_id": "w1"});
        vec![ad; number]
    };
    let quarters = quarters.into_iter();
    quarters
        .flat_map(|(time, shown, clicked)| {
            [of("ad_impression", time, shown), of("ad_click", time, clicked)].concat()
        })
        .collect()
}

/// The units that are sold in each hour of five days in Berlin.
fn sold() -> Vec<Value> {
    type Units = fn(u32) -> u32;
    let days: [(&str, Units); 5] = [
        ("2026-03-29", |hour| 2 * (hour + 1)),
        ("2026-03-28", |hour| hour + 1),
        ("2026-03-22", |hour| 10 * (hour + 1)),
        ("2025-03-30", |hour| 100 * (hour + 1)),
        ("2025-03-29", |_| 7),
    ];
    let mut events = Vec::new();
    for (day, units) in days {
        for hour in 0..24 {
            let local: NaiveDateTime = format!("{day}T{hour:02}:10:00").parse().unwrap();
            // Two of these days have no hour from 02:00 on.
            let Some(time) = local.and_local_timezone(Berlin).single() else { continue };
            let time: DateTime<_> = time.to_utc();
            events.push(json!({
                "type": BUY, "event_time": time, "campaign_id": "c1",
                "items": [{"product_id": "c1", "quantity": units(hour)}],
            }));
        }
    }
    events
}
