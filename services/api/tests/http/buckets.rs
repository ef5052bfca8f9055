use events::{CanonicalEvent, Event};
use log::{LogRange, Offset};
use serde_json::{Value, json};
use uuid::Uuid;
use warehouse::{Coordinates, InsertBatch};

use crate::stand::Stand;

/// Inserts clicks of one visitor on `acme`'s campaign `spring` into ClickHouse.
async fn click(stand: &Stand, times: &[&str]) {
    let context = stand.context("acme").await;
    let generation = Uuid::now_v7().as_u128() as u16;
    let range = LogRange::new(generation, 0, 0, times.len() as u64 - 1);
    let batch = InsertBatch::of(range, &stand.kafka.events_topic, context.destination(), 1);
    let mut block = stand.warehouse.block(range.generation, range.partition);
    for (offset, time) in (0..).map(Offset::new).zip(times) {
        let event: Event = serde_json::from_value(json!({
            "event_id": Uuid::now_v7(), "type": "ad_click", "event_time": time,
            "received_at": "2026-11-01T00:00:00Z", "campaign_id": "spring", "visitor_id": "ann",
        }))
        .unwrap();
        let logged_at = event.received_at;
        #[expect(clippy::disallowed_methods, reason = "stands in for the consumer of the log")]
        let event = context.scope(CanonicalEvent::from(event));
        block.push(&event.as_ref(), Coordinates { offset, logged_at }, 0);
    }
    stand.warehouse.insert(&batch, &block.finish()).await.unwrap();
}

/// Returns the buckets of `spring`: start, clicks, visitors.
async fn series(stand: &Stand, query: &str) -> Vec<(String, u64, u64)> {
    let path = format!("/v1/campaigns/spring/metrics?metrics=clicks,visitors&{query}");
    let answer = stand.get(&path, &stand.key("acme", "read")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let number = |bucket: &Value, metric: &str| bucket[metric].as_u64().unwrap();
    let buckets = answer.body["series"].as_array().unwrap().iter();
    buckets
        .map(|bucket| {
            let start = bucket["start"].as_str().unwrap().to_owned();
            (start, number(bucket, "clicks"), number(bucket, "visitors"))
        })
        .collect()
}

fn expected(buckets: &[(&str, u64, u64)]) -> Vec<(String, u64, u64)> {
    buckets.iter().map(|&(start, clicks, all)| (start.to_owned(), clicks, all)).collect()
}

#[actix_web::test]
async fn buckets_follow_the_clock_of_the_time_zone_where_it_is_changed() {
    let stand = Stand::new().await;
    // Lord Howe skips 02:00 to 02:30 on the 4th of October 2026, and Casey's clock went back from
    // 02:00 on the 5th of March 2010 to 23:00 on the 4th.
    let times = [
        "2026-10-03T15:15:00Z",
        "2026-10-03T15:45:00Z",
        "2010-03-04T12:00:00Z",
        "2010-03-04T14:00:00Z",
        "2010-03-04T15:30:00Z",
    ];
    click(&stand, &times).await;
    let hours = "granularity=hour&tz=Australia/Lord_Howe\
                 &from=2026-10-03T14:30:00Z&to=2026-10-03T17:00:00Z";
    assert_eq!(
        series(&stand, hours).await,
        expected(&[
            ("2026-10-03T14:30:00Z", 1, 1),
            ("2026-10-03T15:30:00Z", 1, 1),
            ("2026-10-03T16:00:00Z", 0, 0),
        ])
    );
    let days = "granularity=day&tz=Antarctica/Casey&from=2010-03-04&to=2010-03-06";
    assert_eq!(
        series(&stand, days).await,
        expected(&[("2010-03-03T13:00:00Z", 2, 1), ("2010-03-04T13:00:00Z", 1, 1)])
    );
    let over_a_skipped_day = "granularity=day&tz=Pacific/Apia&from=2011-12-28&to=2012-01-02";
    let starts: Vec<_> =
        series(&stand, over_a_skipped_day).await.into_iter().map(|bucket| bucket.0).collect();
    assert_eq!(
        starts,
        [
            "2011-12-28T10:00:00Z",
            "2011-12-29T10:00:00Z",
            "2011-12-30T10:00:00Z",
            "2011-12-31T10:00:00Z",
        ]
    );
}
