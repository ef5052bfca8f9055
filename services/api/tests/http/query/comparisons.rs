use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Europe::Berlin;
use serde_json::{Value, json};

use super::{event, insert, query};
use crate::stand::Stand;

/// A local day, and the units sold in each hour of it.
type SalesDay = (&'static str, fn(u32) -> u32);

/// Sells units in each hour of some days.
async fn sell(stand: &Stand, days: &[SalesDay]) {
    let mut events = Vec::new();
    for (day, units) in days {
        for hour in 0..24 {
            let local: NaiveDateTime = format!("{day}T{hour:02}:10:00").parse().unwrap();
            let Some(time) = Berlin.from_local_datetime(&local).single() else {
                continue;
            };
            let mut sale = event("purchase", "spring");
            sale["event_time"] = json!(time.to_utc());
            sale["items"] = json!([{"product_id": "p", "quantity": units(hour)}]);
            events.push(sale);
        }
    }
    insert(stand, events).await;
}

#[actix_web::test]
async fn a_day_with_a_change_of_the_clock_is_compared_hour_by_hour() {
    let stand = Stand::new().await;
    // At 02:00 on the 29th of March 2026 the clock goes to 03:00.
    let days: [SalesDay; 5] = [
        ("2026-03-29", |hour| 2 * (hour + 1)),
        ("2026-03-28", |hour| hour + 1),
        ("2026-03-22", |hour| 10 * (hour + 1)),
        ("2025-03-30", |hour| 100 * (hour + 1)),
        ("2025-03-29", |_| 7),
    ];
    sell(&stand, &days).await;
    let compared = async |compare: Value, granularity: &str| {
        query(
            &stand,
            json!({
                "metrics": ["units_sold"],
                "time": {
                    "from": "2026-03-29", "to": "2026-03-30", "tz": "Europe/Berlin",
                    "granularity": granularity,
                },
                "compare": compare,
            }),
        )
        .await
    };
    for (compare, from, to, total, change) in [
        (
            json!({"to": "previous_period"}),
            "2026-03-27T23:00:00Z",
            "2026-03-28T23:00:00Z",
            300,
            0.98,
        ),
        (
            json!({"to": "previous_week"}),
            "2026-03-21T23:00:00Z",
            "2026-03-22T23:00:00Z",
            3_000,
            -0.802,
        ),
        (
            json!({"to": "previous_year", "match": "weekday"}),
            "2025-03-29T23:00:00Z",
            "2025-03-30T22:00:00Z",
            29_700,
            -0.98,
        ),
        (
            json!({"to": "previous_year"}),
            "2025-03-28T23:00:00Z",
            "2025-03-29T23:00:00Z",
            168,
            426.0 / 168.0,
        ),
    ] {
        let answer = compared(compare, "total").await;
        assert_eq!(answer["query"]["compare"], json!({"from": from, "to": to}));
        let totals = &answer["totals"];
        assert_eq!(totals["values"]["units_sold"], 594, "{totals}");
        assert_eq!(totals["previous"]["units_sold"], total, "{totals}");
        assert_eq!(totals["change"]["units_sold"], change, "{totals}");
        assert_eq!(answer["rows"][0]["change"], totals["change"]);
    }
    let hours = compared(json!({"to": "previous_period"}), "hour").await;
    let hours = hours["rows"].as_array().unwrap();
    assert_eq!(hours.len(), 24);
    let hour = |index: usize| {
        let row: &Value = &hours[index];
        let of = |side: &str| row[side]["units_sold"].clone();
        (row["start"].clone(), of("values"), of("previous"), of("change"))
    };
    assert_eq!(hour(1), (json!("2026-03-29T00:00:00Z"), json!(4), json!(2), json!(1.0)));
    assert_eq!(hour(2), (Value::Null, Value::Null, json!(3), Value::Null), "02:00 is skipped");
    assert_eq!(hour(3), (json!("2026-03-29T01:00:00Z"), json!(8), json!(4), json!(1.0)));
    assert_eq!(hour(23).1, json!(48));
}
