use aggregates::{LiveDelta, Outcome};
use chrono::TimeDelta;
use metrics::{Counter, QuarterHour};

use crate::stand::{Stand, campaign, clicks_and_spend, tenant};

#[tokio::test]
async fn a_replay_is_not_counted_twice() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let deltas = || vec![acme.scope(vec![stand.delta(&campaign(), 3)])];
    assert_eq!(stand.apply(0, 9, deltas()).await, Outcome::Applied);
    assert_eq!(stand.apply(0, 9, deltas()).await, Outcome::AlreadyApplied);
    assert_eq!(stand.apply(4, 6, deltas()).await, Outcome::AlreadyApplied);
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(3));
}

#[tokio::test]
async fn a_gap_is_told_and_writes_nothing() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let deltas = || vec![acme.scope(vec![stand.delta(&campaign(), 3)])];
    assert_eq!(stand.apply(0, 9, deltas()).await, Outcome::Applied);
    for (first, last) in [(11, 20), (5, 15)] {
        let outcome = stand.apply(first, last, deltas()).await;
        assert_eq!(outcome, Outcome::ChainBroken { fence: Some(10) }, "{first}..={last}");
    }
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(3));
    assert_eq!(stand.apply(10, 20, deltas()).await, Outcome::Applied);
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(6));
}

#[tokio::test]
async fn a_batch_without_rows_moves_the_fence() {
    let stand = Stand::started().await;
    assert_eq!(stand.apply(0, 9, Vec::new()).await, Outcome::Applied);
    assert_eq!(stand.fence().await, Some(10));
    assert_eq!(stand.apply(10, 10, Vec::new()).await, Outcome::Applied);
}

#[tokio::test]
async fn a_key_that_refuses_spoils_only_itself() {
    let mut stand = Stand::started().await;
    let (acme, globex) = (tenant("acme").await, tenant("globex").await);
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
    assert_eq!(stand.apply(0, 9, deltas).await, Outcome::Applied);

    assert_eq!(stand.fence().await, Some(10));
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(3));
    assert_eq!(stand.read(&globex, &overflow).await, clicks_and_spend(3));
    for spoilt in [&wrong_type, &overflow] {
        let aggregates = stand.aggregates.for_tenant(&acme);
        let live = aggregates.campaign_series(spoilt, stand.quarter(), &[]).await.unwrap();
        assert_eq!(live.covered, None, "{spoilt} must be read from ClickHouse");
    }
}

#[tokio::test]
async fn keys_end_at_a_moment_given_by_their_hour_or_day() {
    let mut stand = Stand::started().await;
    let acme = tenant("acme").await;
    assert_eq!(
        stand.apply(0, 0, vec![acme.scope(vec![stand.delta(&campaign(), 1)])]).await,
        Outcome::Applied
    );
    let (hour, day) = (stand.now.hour(), stand.now.start().date_naive());
    let hour_end = (hour + TimeDelta::hours(74)).timestamp();
    let midnight = day.and_hms_opt(0, 0, 0).unwrap().and_utc();
    let day_end = (midnight + TimeDelta::days(9)).timestamp();
    let (hour, day) = (hour.format("%Y%m%d%H"), day.format("%Y%m%d"));
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
async fn a_batch_over_many_hours_is_spread_over_them() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let deltas: Vec<LiveDelta> = (0..96)
        .map(|quarters| LiveDelta {
            quarter: QuarterHour::containing(stand.now.start() - QuarterHour::LENGTH * quarters),
            ..stand.delta(&campaign(), 1)
        })
        .collect();
    assert_eq!(stand.apply(0, 95, vec![acme.scope(deltas)]).await, Outcome::Applied);
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
async fn a_batch_too_large_for_one_script_is_refused_whole() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let visitors = (0..aggregates::MAX_BATCH_ARGUMENTS).map(|number| number.to_string()).collect();
    let delta = LiveDelta { visitors, ..stand.delta(&campaign(), 1) };
    let batch = aggregates::LiveBatch {
        kgen: 1,
        partition: 0,
        first: 0,
        last: 0,
        log_time: stand.now.start(),
    };
    let refused = stand.aggregates.apply(&batch, &[], vec![acme.scope(vec![delta])]).await;
    assert!(matches!(refused, Err(aggregates::AggregatesError::BatchTooLarge(_))));
    assert_eq!(stand.fence().await, Some(0));
}
