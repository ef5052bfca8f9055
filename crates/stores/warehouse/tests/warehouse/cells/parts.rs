use events::{Event, EventType::AdClick};
use metrics::{Dimension, Filter};
use tenancy::Isolation;

use super::query;
use crate::shop::{Shop, event};

/// Offset 60 is the first that the log received on the next day: see `logged_at`.
const NEXT_DAY: u64 = 60;

/// Returns clicks of two campaigns. The key of their rollup begins with the campaign, so it does not tell
/// that no row between the two is of another time.
fn clicks(time: &str) -> Vec<Event> {
    let click = |campaign: &str| Event {
        campaign_id: Some(campaign.parse().unwrap()),
        ..event(AdClick, time)
    };
    vec![click("spring-sale"), click("summer-sale")]
}

/// Returns how many rows the question about the first day reads.
async fn rows_read(shop: &Shop) -> u64 {
    let warehouse = shop.warehouse.for_tenant(&shop.context);
    let by = [Dimension::Campaign];
    let explained = warehouse.explain(&query(&by, &Filter::EVERYTHING)).await.unwrap();
    assert_eq!(explained.rollup.as_deref(), Some("campaign_quarters"));
    explained.rows.unwrap()
}

#[tokio::test]
async fn a_question_about_a_day_leaves_merged_parts_without_events_of_it_out() {
    let shop = Shop::open(Isolation::Schema).await;
    shop.insert(0, clicks("2026-03-01T12:00:00Z")).await;
    shop.insert(NEXT_DAY, clicks("2026-03-02T12:00:00Z")).await;
    assert_eq!(rows_read(&shop).await, 4);
    let merge = format!("OPTIMIZE TABLE {}.events FINAL", shop.context.destination().database);
    shop.writer().query(&merge).execute().await.unwrap();
    assert_eq!(rows_read(&shop).await, 2);

    // A late event is in a part of its own until it is merged, and then in the part of the next day.
    shop.insert(NEXT_DAY + 2, clicks("2026-03-01T13:00:00Z")).await;
    assert_eq!(rows_read(&shop).await, 4);
    shop.writer().query(&merge).execute().await.unwrap();
    assert_eq!(rows_read(&shop).await, 6);
    shop.close().await;
}
