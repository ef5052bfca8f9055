use std::time::Duration;

use aggregates::{ApplyOutcome, LiveDelta, ProductDelta};
use chrono::TimeDelta;
use metrics::{Counter, TimeRange};
use money::Quantity;

use crate::stand::{Stand, campaign, clicks_and_spend, tenant};

#[tokio::test]
async fn two_tenants_with_the_same_campaign_id_share_no_numbers() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let globex = tenant("globex").await;
    let deltas = vec![
        acme.scope(vec![stand.delta(&campaign(), 3)]),
        globex.scope(vec![stand.delta(&campaign(), 40)]),
    ];
    assert_eq!(stand.apply(0, 9, deltas).await, ApplyOutcome::Applied);
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(3));
    assert_eq!(stand.read(&globex, &campaign()).await, clicks_and_spend(40));
    let day = stand.now.start().date_naive();
    for (tenant, clicks) in [(&acme, 3), (&globex, 40)] {
        let day = stand.aggregates.for_tenant(tenant).campaign_day(&campaign(), day).await;
        assert_eq!(day.unwrap().unwrap().sums, clicks_and_spend(clicks));
    }
}

#[tokio::test]
async fn the_answer_to_a_cancelled_call_reaches_no_other_caller() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let globex = tenant("globex").await;
    let deltas = vec![
        acme.scope(vec![stand.delta(&campaign(), 3)]),
        globex.scope(vec![stand.delta(&campaign(), 40)]),
    ];
    assert_eq!(stand.apply(0, 9, deltas).await, ApplyOutcome::Applied);
    for round in 0..500 {
        let timeout = Duration::from_micros(round % 50 * 4);
        let _ = tokio::time::timeout(timeout, stand.read(&acme, &campaign())).await;
        assert_eq!(stand.read(&globex, &campaign()).await, clicks_and_spend(40));
    }
}

#[tokio::test]
async fn a_day_contains_visitors_and_best_products() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let product = |product_id: &str, views, thousandths| ProductDelta {
        product_id: product_id.to_owned(),
        views,
        units: Quantity::from_thousandths(thousandths),
    };
    let delta = |visitors: std::ops::Range<u32>, products| LiveDelta {
        visitors: visitors.map(|number| format!("visitor-{number}")).collect(),
        products,
        ..stand.delta(&campaign(), 1)
    };
    let first = delta(0..60, vec![product("lamp", 5, 1_500), product("sofa", 2, 0)]);
    let second = delta(30..100, vec![product("sofa", 9, 0)]);
    assert_eq!(stand.apply(0, 0, vec![acme.scope(vec![first])]).await, ApplyOutcome::Applied);
    assert_eq!(stand.apply(1, 1, vec![acme.scope(vec![second])]).await, ApplyOutcome::Applied);

    let aggregates = stand.aggregates.for_tenant(&acme);
    let day = stand.now.start().date_naive();
    let day = aggregates.campaign_day(&campaign(), day).await.unwrap().unwrap();
    assert_eq!(day.sums, clicks_and_spend(2));
    assert!((98..=102).contains(&day.visitors), "{}", day.visitors);
    assert_eq!(day.most_viewed, [("sofa".to_owned(), 11), ("lamp".to_owned(), 5)]);
    assert_eq!(day.most_sold, [("lamp".to_owned(), Quantity::from_thousandths(1_500))]);
    let visitors = aggregates.campaign_visitors(&campaign(), stand.quarter()).await.unwrap();
    assert_eq!(visitors, Some(day.visitors));
}

#[tokio::test]
async fn hours_before_the_last_72_are_read_from_clickhouse() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let old = LiveDelta {
        quarter: metrics::QuarterHour::containing(stand.now.start() - TimeDelta::hours(73)),
        ..stand.delta(&campaign(), 9)
    };
    let deltas = vec![acme.scope(vec![old, stand.delta(&campaign(), 1)])];
    assert_eq!(stand.apply(0, 0, deltas).await, ApplyOutcome::Applied);
    let range =
        TimeRange::covering(stand.now.start() - TimeDelta::days(5), stand.now.end()).unwrap();
    let live =
        stand.aggregates.for_tenant(&acme).campaign_series(&campaign(), range, &[]).await.unwrap();
    let covered = live.covered.unwrap();
    assert_eq!(covered.to(), range.to());
    assert!(covered.from() >= stand.now.start() - TimeDelta::hours(72));
    assert_eq!(live.series.len(), 1);
    assert_eq!(live.series.values().next().unwrap().count(Counter::Clicks), 1);
}
