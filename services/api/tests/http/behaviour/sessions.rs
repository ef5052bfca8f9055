use serde_json::json;

use super::{PAGE, VIEW, events};
use crate::{query::insert, stand::Stand};

#[actix_web::test]
async fn a_pause_longer_than_the_gap_begins_a_session() {
    let stand = Stand::new().await;
    let lines = [
        ("s1", "02T10:00:00", VIEW),
        ("s1", "02T10:30:00", VIEW),
        ("s1", "02T11:00:00.001", VIEW),
        ("s1", "02T11:20:00", VIEW),
        ("s2", "02T22:50:00", VIEW),
        ("s2", "02T23:10:00", VIEW),
        ("s3", "02T12:00:00", VIEW),
        ("s4", "29T00:50:00", VIEW),
        ("s4", "29T01:10:00", VIEW),
    ];
    let keyless = [("", "02T12:00:00", VIEW), ("", "01T00:00:00", PAGE)];
    let mut before = events(&keyless);
    before[1]["event_time"] = json!("2026-02-28T12:00:00Z");
    insert(&stand, before).await;
    insert(&stand, events(&lines)).await;
    let key = stand.key("acme", "read");
    let path = "/v1/sessions?from=2026-03-01&to=2026-04-01&tz=Europe/Berlin&granularity=day";
    let answer = stand.get(path, &key).await.body;
    assert_eq!(answer["without_key"], 1, "those of the range");
    let totals = json!({
        "sessions": 5, "keys": 4, "events": 9, "bounces": 1, "bounce_rate": 0.2,
        "mean_seconds": 1_079.999_8, "sessions_per_key": 1.25,
    });
    assert_eq!(answer["totals"], totals);
    let day = |index: usize| answer["series"][index]["sessions"].clone();
    assert_eq!((day(1), day(2), day(28)), (json!(4), json!(0), json!(1)), "not split at midnight");

    insert(&stand, events(&[("s1", "02T10:45:00", VIEW)])).await;
    let totals = json!({
        "sessions": 4, "keys": 4, "events": 10, "bounces": 1, "bounce_rate": 0.25,
        "mean_seconds": 1_800.0, "sessions_per_key": 1.0,
    });
    assert_eq!(stand.get(path, &key).await.body["totals"], totals);
}
