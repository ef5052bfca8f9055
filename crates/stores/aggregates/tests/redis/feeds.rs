use std::time::Duration;

use aggregates::{
    ApplyOutcome, ChainStart, Change, FeedEntry, FeedSince, LiveDelta, LiveFeed, StreamId,
};
use lifecycle::Lifecycle;
use log::Partition;
use metrics::QuarterHour;
use tenancy::TenantContext;

use crate::stand::{Stand, campaign, clicks_and_spend, place, tenant};

async fn click(stand: &Stand, tenant: &TenantContext, offset: u64, clicks: u64) {
    let deltas = vec![tenant.scope(vec![stand.delta(&campaign(), clicks)])];
    assert_eq!(stand.apply(offset, offset, deltas).await, ApplyOutcome::Applied);
}

async fn since(stand: &Stand, tenant: &TenantContext, place: StreamId) -> Vec<FeedEntry> {
    match stand.aggregates.for_tenant(tenant).feed_since(place).await.unwrap() {
        FeedSince::Entries(entries) => entries,
        FeedSince::Trimmed => panic!("trimmed"),
    }
}

#[tokio::test]
async fn entries_contain_the_counters_after_each_batch() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    click(&stand, &acme, 0, 1).await;
    let aggregates = stand.aggregates.for_tenant(&acme);
    let place = aggregates.feed_position().await.unwrap();
    let earlier = LiveDelta {
        quarter: QuarterHour::containing(stand.now.start() - QuarterHour::LENGTH),
        ..stand.delta(&campaign(), 5)
    };
    let deltas = vec![acme.scope(vec![stand.delta(&campaign(), 2), earlier])];
    assert_eq!(stand.apply(1, 1, deltas).await, ApplyOutcome::Applied);

    let [entry] = &since(&stand, &acme, place).await[..] else { panic!("one batch, one entry") };
    let age = chrono::Utc::now() - entry.log_time;
    assert!(age < chrono::TimeDelta::seconds(5), "{age}");
    let sums: Vec<_> = entry.quarters.iter().map(|quarter| quarter.sums.clone()).collect();
    assert_eq!(sums, [5, 3].map(|clicks| Some(clicks_and_spend(clicks))));
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(3));
}

#[tokio::test]
async fn hours_that_are_not_whole_are_only_named_in_the_feed() {
    let stand = Stand::bare().await;
    let acme = tenant("acme").await;
    let whole_from = stand.now.hour();
    assert!(stand.start_chain(&ChainStart { whole_from, ..stand.first_start() }).await);
    let lifecycle = Lifecycle::new();
    let live = LiveFeed::start(&stand.aggregates, &lifecycle);
    let mut feed = live.follow(&acme, &campaign()).await.unwrap();
    let earlier = QuarterHour::containing(whole_from - QuarterHour::LENGTH);
    let before = LiveDelta { quarter: earlier, ..stand.delta(&campaign(), 5) };
    let deltas = vec![acme.scope(vec![stand.delta(&campaign(), 2), before.clone()])];
    assert_eq!(stand.apply(0, 0, deltas).await, ApplyOutcome::Applied);
    let Some(Change::Quarters { quarters, incomplete, .. }) = soon(feed.next()).await else {
        panic!("a change");
    };
    assert_eq!(quarters, [(stand.now, clicks_and_spend(2))].into());
    assert_eq!(incomplete, [earlier].into());

    assert_eq!(stand.apply(1, 1, vec![acme.scope(vec![before])]).await, ApplyOutcome::Applied);
    let Some(Change::Quarters { quarters, incomplete, place, .. }) = soon(feed.next()).await else {
        panic!("a change");
    };
    assert!(quarters.is_empty() && incomplete == [earlier].into());
    assert_eq!(since(&stand, &acme, place).await, []);
    lifecycle.stop().await.unwrap();
}

#[tokio::test]
async fn a_follower_of_a_tenant_gets_every_campaign_of_it_and_no_other_tenants() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let globex = tenant("globex").await;
    let lifecycle = Lifecycle::new();
    let live = LiveFeed::start(&stand.aggregates, &lifecycle);
    let mut feed = live.follow_all(&acme).await.unwrap();
    let other = "autumn-sale".parse().unwrap();
    let deltas = vec![
        acme.scope(vec![stand.delta(&campaign(), 2), stand.delta(&other, 3)]),
        globex.scope(vec![stand.delta(&campaign(), 40)]),
    ];
    assert_eq!(stand.apply(0, 0, deltas).await, ApplyOutcome::Applied);
    let Some(Change::Quarters { quarters, .. }) = soon(feed.next()).await else {
        panic!("a change");
    };
    let expected =
        [((other, stand.now), clicks_and_spend(3)), ((campaign(), stand.now), clicks_and_spend(2))];
    assert_eq!(quarters, expected.into());
    lifecycle.stop().await.unwrap();
}

#[tokio::test]
async fn while_the_log_is_read_again_the_feed_contains_no_numbers() {
    let stand = Stand::bare().await;
    let acme = tenant("acme").await;
    let start = ChainStart { partitions: 2, ..stand.first_start() };
    assert!(stand.start_chain(&start).await);
    assert!(stand.start_chain(&ChainStart { next: place(Partition::new(1), 0), ..start }).await);
    let deltas = || vec![acme.scope(vec![stand.delta(&campaign(), 1)])];
    // Both fences are known to have been at 2: hours are whole again once both are there.
    let known_fences = Partition::all(2).map(|partition| place(partition, 2)).collect::<Vec<_>>();
    let steps = [(0, 0, false), (0, 1, false), (1, 0, false), (1, 1, true), (0, 2, true)];
    for (partition, offset, whole) in steps {
        let partition = Partition::new(partition);
        let outcome = stand.apply_to(partition, offset, offset, &known_fences, deltas()).await;
        assert_eq!(outcome, ApplyOutcome::Applied);
        let entries: redis::streams::StreamRangeReply = redis::cmd("XREVRANGE")
            .arg(stand.key("client_acme_live_2"))
            .arg("+")
            .arg("-")
            .arg("COUNT")
            .arg(1)
            .query_async(&mut stand.redis.clone())
            .await
            .unwrap();
        let label = format!("spring-sale:{}", stand.now.start().timestamp());
        let numbers: String = entries.ids[0].get(&label).unwrap();
        assert_eq!(!numbers.is_empty(), whole, "partition {partition}, offset {offset}: {numbers}");
    }
}

#[tokio::test]
async fn a_resume_returns_exactly_the_missed_entries() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let globex = tenant("globex").await;
    for offset in 0..10 {
        click(&stand, if offset % 2 == 0 { &acme } else { &globex }, offset, 1).await;
    }
    let aggregates = stand.aggregates.for_tenant(&acme);
    let place = aggregates.feed_position().await.unwrap();
    assert_eq!(since(&stand, &acme, place).await, []);
    for offset in 10..16 {
        click(&stand, if offset % 2 == 0 { &acme } else { &globex }, offset, 1).await;
    }
    let missed = since(&stand, &acme, place).await;
    let clicks: Vec<_> = missed.iter().map(|entry| entry.quarters[0].sums.clone()).collect();
    assert_eq!(clicks, [6, 7, 8].map(|clicks| Some(clicks_and_spend(clicks))));
}

#[tokio::test]
async fn a_place_that_was_trimmed_is_reported() {
    let mut stand = Stand::started().await;
    let acme = tenant("acme").await;
    click(&stand, &acme, 0, 1).await;
    let aggregates = stand.aggregates.for_tenant(&acme);
    let place = aggregates.feed_position().await.unwrap();
    click(&stand, &acme, 1, 1).await;
    click(&stand, &acme, 2, 1).await;
    let feed = stand.key("client_acme_live_2");
    redis::cmd("XTRIM").arg(feed).arg("MAXLEN").arg(2).exec_async(&mut stand.redis).await.unwrap();
    assert_eq!(aggregates.feed_since(place).await.unwrap(), FeedSince::Trimmed);
    let invented = "99999999999999-0".parse().unwrap();
    assert_eq!(aggregates.feed_since(invented).await.unwrap(), FeedSince::Trimmed);
}

#[tokio::test]
async fn followers_get_the_changes_of_their_own_tenant_at_once() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let globex = tenant("globex").await;
    let lifecycle = Lifecycle::new();
    let live = LiveFeed::start(&stand.aggregates, &lifecycle);
    let mut acme_feed = live.follow(&acme, &campaign()).await.unwrap();
    let mut second_acme_feed = live.follow(&acme, &campaign()).await.unwrap();
    let mut globex_feed = live.follow(&globex, &campaign()).await.unwrap();

    click(&stand, &acme, 0, 3).await;
    for feed in [&mut acme_feed, &mut second_acme_feed] {
        let Some(Change::Quarters { quarters, place, .. }) = soon(feed.next()).await else {
            panic!("a change");
        };
        assert_eq!(quarters, [(stand.now, clicks_and_spend(3))].into());
        assert_eq!(since(&stand, &acme, place).await, []);
    }
    click(&stand, &globex, 1, 40).await;
    let Some(Change::Quarters { quarters, .. }) = soon(globex_feed.next()).await else {
        panic!("a change");
    };
    assert_eq!(quarters, [(stand.now, clicks_and_spend(40))].into());
    assert!(tokio::time::timeout(Duration::from_millis(300), acme_feed.next()).await.is_err());

    lifecycle.stop().await.unwrap();
    assert_eq!(soon(acme_feed.next()).await, None);
}

#[tokio::test]
async fn a_follower_survives_a_lost_connection() {
    let mut stand = Stand::started().await;
    let acme = tenant("acme").await;
    let lifecycle = Lifecycle::new();
    let live = LiveFeed::start(&stand.aggregates, &lifecycle);
    let mut feed = live.follow(&acme, &campaign()).await.unwrap();
    click(&stand, &acme, 0, 1).await;
    assert!(matches!(soon(feed.next()).await, Some(Change::Quarters { .. })));

    kill_reader(&mut stand).await;
    click(&stand, &acme, 1, 1).await;
    let Some(Change::Quarters { quarters, .. }) = soon(feed.next()).await else {
        panic!("the missed change");
    };
    assert_eq!(quarters, [(stand.now, clicks_and_spend(2))].into());

    kill_reader(&mut stand).await;
    let key = stand.key("client_acme_live_2");
    redis::cmd("DEL").arg(key).exec_async(&mut stand.redis).await.unwrap();
    assert_eq!(soon(feed.next()).await, Some(Change::Reset), "the feed's end was lost");
    click(&stand, &acme, 2, 1).await;
    assert!(matches!(soon(feed.next()).await, Some(Change::Quarters { .. })));
    lifecycle.stop().await.unwrap();
}

#[tokio::test]
async fn an_unreadable_entry_stops_no_other_tenants_feed() {
    let mut stand = Stand::started().await;
    let acme = tenant("acme").await;
    let globex = tenant("globex").await;
    let lifecycle = Lifecycle::new();
    let live = LiveFeed::start(&stand.aggregates, &lifecycle);
    let mut acme_feed = live.follow(&acme, &campaign()).await.unwrap();
    let mut globex_feed = live.follow(&globex, &campaign()).await.unwrap();
    redis::cmd("XADD")
        .arg(stand.key("client_acme_live_2"))
        .arg("*")
        .arg("spring-sale:900")
        .arg("clicks many")
        .exec_async(&mut stand.redis)
        .await
        .unwrap();
    assert_eq!(soon(acme_feed.next()).await, Some(Change::Reset));
    click(&stand, &globex, 0, 1).await;
    click(&stand, &acme, 1, 1).await;
    for feed in [&mut acme_feed, &mut globex_feed] {
        assert!(matches!(soon(feed.next()).await, Some(Change::Quarters { .. })));
    }
    lifecycle.stop().await.unwrap();
}

/// Kills the connection that reads this stand's feeds.
async fn kill_reader(stand: &mut Stand) {
    let reader = format!("{}_live_feed", stand.settings.namespace);
    let clients: String =
        redis::cmd("CLIENT").arg("LIST").query_async(&mut stand.redis).await.unwrap();
    let id_of = |line: &str, name: &str| {
        let field = line.split(' ').find_map(|field| field.strip_prefix(name));
        field.map(str::to_owned)
    };
    let readers = clients.lines().filter(|line| id_of(line, "name=") == Some(reader.clone()));
    let ids: Vec<_> = readers.filter_map(|line| id_of(line, "id=")).collect();
    assert_eq!(ids.len(), 1, "one reader: {clients}");
    redis::cmd("CLIENT")
        .arg("KILL")
        .arg("ID")
        .arg(&ids[0])
        .exec_async(&mut stand.redis)
        .await
        .unwrap();
}

async fn soon<T>(wanted: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), wanted).await.expect("within ten seconds")
}
