use aggregates::{ApplyOutcome, LiveDelta};
use chrono::TimeDelta;
use log::Offset;
use metrics::{Counter, QuarterHour};

use crate::stand::{Stand, campaign, clicks_and_spend, tenant};

#[tokio::test]
async fn a_batch_that_is_sent_twice_counts_once() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let deltas = || vec![acme.scope(vec![stand.delta(&campaign(), 3)])];
    assert_eq!(stand.apply(0, 9, deltas()).await, ApplyOutcome::Applied);
    assert_eq!(stand.apply(0, 9, deltas()).await, ApplyOutcome::AlreadyApplied);
    assert_eq!(stand.apply(4, 6, deltas()).await, ApplyOutcome::AlreadyApplied);
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(3));
}

#[tokio::test]
async fn a_gap_is_reported_and_writes_nothing() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let deltas = || vec![acme.scope(vec![stand.delta(&campaign(), 3)])];
    assert_eq!(stand.apply(0, 9, deltas()).await, ApplyOutcome::Applied);
    for (first, last) in [(11, 20), (5, 15)] {
        let outcome = stand.apply(first, last, deltas()).await;
        assert_eq!(
            outcome,
            ApplyOutcome::ChainBroken { fence: Some(Offset::new(10)) },
            "{first}..={last}"
        );
    }
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(3));
    assert_eq!(stand.apply(10, 20, deltas()).await, ApplyOutcome::Applied);
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(6));
}

#[tokio::test]
async fn a_batch_without_rows_moves_the_fence() {
    let stand = Stand::started().await;
    assert_eq!(stand.apply(0, 9, Vec::new()).await, ApplyOutcome::Applied);
    assert_eq!(stand.fence().await, Some(Offset::new(10)));
    assert_eq!(stand.apply(10, 10, Vec::new()).await, ApplyOutcome::Applied);
}

#[tokio::test]
async fn a_key_that_refuses_an_increment_affects_no_other_key() {
    let mut stand = Stand::started().await;
    let acme = tenant("acme").await;
    let globex = tenant("globex").await;
    let [wrong_type, overflow]: [tenancy::CampaignId; 2] =
        ["wrong-type", "overflow"].map(|name| name.parse().unwrap());
    let (wrong_key, full_key) =
        (stand.hour_key(&acme, &wrong_type), stand.hour_key(&acme, &overflow));
    let full = format!("clicks:{}", stand.now.index());
    redis::pipe()
        .rpush(&wrong_key, "not a hash")
        .hset(&full_key, full, i64::MAX)
        .expire(&full_key, 60)
        .exec_async(&mut stand.redis)
        .await
        .unwrap();

    let all = [&wrong_type, &overflow, &campaign()].map(|name| stand.delta(name, 3)).to_vec();
    let deltas = vec![acme.scope(all.clone()), globex.scope(all)];
    assert_eq!(stand.apply(0, 9, deltas).await, ApplyOutcome::Applied);

    assert_eq!(stand.fence().await, Some(Offset::new(10)));
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(3));
    assert_eq!(stand.read(&globex, &overflow).await, clicks_and_spend(3));
    for poisoned in [&wrong_type, &overflow] {
        let aggregates = stand.aggregates.for_tenant(&acme);
        let live = aggregates.campaign_series(poisoned, stand.quarter(), &[]).await.unwrap();
        assert_eq!(live.covered, None, "{poisoned} must be read from ClickHouse");
    }
}

#[tokio::test]
async fn keys_expire_a_fixed_time_after_their_hour_or_day() {
    let mut stand = Stand::started().await;
    let acme = tenant("acme").await;
    assert_eq!(
        stand.apply(0, 0, vec![acme.scope(vec![stand.delta(&campaign(), 1)])]).await,
        ApplyOutcome::Applied
    );
    let hour = stand.now.hour();
    let day = stand.now.start().date_naive();
    let hour_end = (hour + TimeDelta::hours(74)).timestamp();
    let midnight = day.and_hms_opt(0, 0, 0).unwrap().and_utc();
    let day_end = (midnight + TimeDelta::days(9)).timestamp();
    let hour = hour.format("%Y%m%d%H");
    let day = day.format("%Y%m%d");
    for (kind, end) in [
        (format!("hourly_{hour}"), hour_end),
        (format!("visitors_hourly_{hour}"), hour_end),
        (format!("daily_{day}"), day_end),
        (format!("visitors_daily_{day}"), day_end),
        (format!("products_viewed_{day}"), day_end),
    ] {
        let key = stand.key(&format!("client_acme_campaign_spring-sale_{kind}"));
        let expires: i64 =
            redis::cmd("EXPIRETIME").arg(&key).query_async(&mut stand.redis).await.unwrap();
        assert_eq!(expires, end, "{key}");
    }
}

#[tokio::test]
async fn a_batch_over_many_hours_counts_in_each_of_them() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let deltas: Vec<LiveDelta> = (0..96)
        .map(|quarters| LiveDelta {
            quarter: QuarterHour::containing(stand.now.start() - QuarterHour::LENGTH * quarters),
            ..stand.delta(&campaign(), 1)
        })
        .collect();
    assert_eq!(stand.apply(0, 95, vec![acme.scope(deltas)]).await, ApplyOutcome::Applied);
    let range =
        metrics::TimeRange::covering(stand.now.end() - TimeDelta::hours(24), stand.now.end())
            .unwrap();
    let aggregates = stand.aggregates.for_tenant(&acme);
    let live = aggregates.campaign_series(&campaign(), range, &[]).await.unwrap();
    assert_eq!(live.covered, Some(range));
    assert_eq!(live.series.len(), 96);
    assert!(live.series.values().all(|sums| sums.count(Counter::Clicks) == 1));
}

#[tokio::test]
async fn a_batch_too_large_for_one_script_is_not_applied_at_all() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let visitors = (0..aggregates::MAX_BATCH_ARGUMENTS).map(|number| number.to_string()).collect();
    let delta = LiveDelta { visitors, ..stand.delta(&campaign(), 1) };
    let range = log::LogRange::new(1, 0, 0, 0);
    let batch = aggregates::LiveBatch { range, log_time: stand.now.start() };
    let refused = stand.aggregates.apply(&batch, &[], vec![acme.scope(vec![delta])]).await;
    assert!(matches!(refused, Err(aggregates::AggregatesError::BatchTooLarge(_))));
    assert_eq!(stand.fence().await, Some(Offset::ZERO));
}
