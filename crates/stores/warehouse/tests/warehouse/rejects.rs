use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use events::EventType::AdClick;
use log::{LogPlace, Offset};
use tenancy::{Isolation, Scoped};
use uuid::Uuid;
use warehouse::{RejectFilter, RejectId, RejectedEvent, WarehouseError};

use crate::shop::{Shop, at, event, logged_at};

const ANY_SIZE: u64 = 1 << 30;

fn received_at() -> DateTime<Utc> {
    at("2026-03-01T12:00:00.123Z")
}

/// Returns a filter for all rejects of these tests.
fn march() -> RejectFilter {
    RejectFilter { received: at("2026-03-01T00:00:00Z")..at("2026-04-01T00:00:00Z"), code: None }
}

/// Returns a reject and its place in the log.
pub(crate) fn reject(
    shop: &Shop,
    offset: u64,
    received_at: DateTime<Utc>,
) -> (LogPlace, RejectedEvent) {
    let place = LogPlace::new(shop.generation.get(), 1, offset);
    let reject = RejectedEvent {
        id: RejectId::new(received_at, place),
        code: "invalid_value".to_owned(),
        pointer: "/cost".to_owned(),
        reason: "must be a number".to_owned(),
        event_id: Some(Uuid::from_u128(7)),
        sent_at: Some(at("2026-03-01T12:00:01.5Z")),
        history: true,
        set_aside: false,
        original: Bytes::from_static(b"{\"cost\":\"\xff\x00'\\"),
    };
    (place, reject)
}

/// Inserts rejects of the shop's tenant.
pub(crate) async fn insert(shop: &Shop, rejects: Vec<(LogPlace, RejectedEvent)>) {
    #[expect(clippy::disallowed_methods, reason = "in place of the consumer of the log")]
    let rejects: Scoped<Vec<_>> = shop.context.scope(rejects);
    shop.warehouse.insert_rejects(shop.context.destination(), &[rejects]).await.unwrap();
}

async fn listed(shop: &Shop, filter: &RejectFilter) -> Vec<RejectId> {
    let page = shop.warehouse.for_tenant(&shop.context).reject_page(filter, None, 100).await;
    page.unwrap().into_iter().map(|key| key.id).collect()
}

#[tokio::test]
async fn a_reject_is_stored_byte_for_byte_in_every_tier() {
    for isolation in Isolation::ALL {
        let shop = Shop::open(isolation).await;
        let (place, stored) = reject(&shop, 1, received_at());
        let bare = RejectedEvent {
            id: RejectId::new(received_at(), place.at(Offset::new(2))),
            event_id: None,
            sent_at: None,
            history: false,
            set_aside: true,
            original: Bytes::new(),
            ..stored.clone()
        };
        insert(&shop, vec![(place, stored.clone()), (place, bare.clone())]).await;
        let rejects = shop.warehouse.for_tenant(&shop.context);
        let found = rejects.rejects([stored.id, bare.id], ANY_SIZE).await.unwrap();
        assert_eq!((&found[&stored.id], &found[&bare.id]), (&stored, &bare));
        let cut = rejects.rejects([stored.id], 3).await.unwrap();
        assert_eq!(cut[&stored.id].original, &b"{\"c"[..]);
        shop.close().await;
    }
}

#[tokio::test]
async fn a_reject_inserted_twice_is_listed_and_counted_once() {
    let shop = Shop::open(Isolation::Shared).await;
    let rejects = || (1..=3).map(|offset| reject(&shop, offset, received_at())).collect();
    insert(&shop, rejects()).await;
    insert(&shop, rejects()).await;
    assert_eq!(listed(&shop, &march()).await.len(), 3);
    let counts = shop.warehouse.for_tenant(&shop.context).reject_counts(&march()).await.unwrap();
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("invalid_value".to_owned(), 3)]);
}

#[tokio::test]
async fn lost_rejects_are_stored_when_they_are_inserted_again() {
    // With a token, the server would drop a second insert even though the rows were lost.
    let shop = Shop::open(Isolation::Schema).await;
    let rejects = || vec![reject(&shop, 1, received_at())];
    insert(&shop, rejects()).await;
    let table = format!("{}.rejected_events", shop.context.destination().database);
    shop.writer().query(&format!("TRUNCATE TABLE {table}")).execute().await.unwrap();
    assert!(listed(&shop, &march()).await.is_empty());
    insert(&shop, rejects()).await;
    assert_eq!(listed(&shop, &march()).await.len(), 1);
    shop.close().await;
}

#[tokio::test]
async fn pages_go_from_the_newest_to_the_oldest_and_miss_none() {
    let shop = Shop::open(Isolation::Shared).await;
    // Several in the same millisecond: the id orders them.
    let time = |offset: u64| received_at() + TimeDelta::milliseconds(offset as i64 / 3);
    insert(&shop, (0..10).map(|offset| reject(&shop, offset, time(offset))).collect()).await;
    let rejects = shop.warehouse.for_tenant(&shop.context);
    let mut before = None;
    let mut seen = Vec::new();
    loop {
        let page = rejects.reject_page(&march(), before, 4).await.unwrap();
        seen.extend(page.iter().map(|key| key.id));
        match page.last() {
            Some(last) => before = Some(last.id),
            None => break,
        }
    }
    let mut newest_first = seen.clone();
    newest_first.sort_by_key(|id| std::cmp::Reverse(id.received_at()));
    assert_eq!(seen, newest_first);
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (10, 10));
}

#[tokio::test]
async fn a_filter_applies_to_the_list_and_to_the_counts() {
    let shop = Shop::open(Isolation::Shared).await;
    let later = received_at() + TimeDelta::hours(1);
    let (place, mut other) = reject(&shop, 3, later);
    other.code = "missing_field".to_owned();
    insert(&shop, vec![reject(&shop, 1, received_at()), reject(&shop, 2, later), (place, other)])
        .await;
    let rejects = shop.warehouse.for_tenant(&shop.context);
    let code = |code: &str| RejectFilter { code: Some(code.to_owned()), ..march() };
    let until = RejectFilter { received: march().received.start..later, code: None };
    let from = RejectFilter { received: later..march().received.end, code: None };
    for (filter, count) in [
        (march(), 3),
        (code("invalid_value"), 2),
        (code("missing_field"), 1),
        (code("' OR 1"), 0),
        (until, 1),
        (from, 2),
    ] {
        assert_eq!(listed(&shop, &filter).await.len(), count, "{filter:?}");
        let counts = rejects.reject_counts(&filter).await.unwrap();
        assert_eq!(counts.values().sum::<u64>(), count as u64, "{filter:?}");
    }
}

#[tokio::test]
async fn tenants_in_the_same_tables_see_their_own_rejects() {
    let ours = Shop::open(Isolation::Shared).await;
    let theirs = Shop::open(Isolation::Shared).await;
    let (place, reject) = reject(&theirs, 1, received_at());
    insert(&theirs, vec![(place, reject.clone())]).await;
    assert!(listed(&ours, &march()).await.is_empty());
    let found = ours.warehouse.for_tenant(&ours.context).rejects([reject.id], ANY_SIZE).await;
    assert!(found.unwrap().is_empty());
    assert_eq!(listed(&theirs, &march()).await, [reject.id]);

    #[expect(clippy::disallowed_methods, reason = "imitates a mistake in routing")]
    let misrouted = theirs.context.scope(vec![(place, reject)]);
    let own = Shop::open(Isolation::Schema).await;
    let sent = own.warehouse.insert_rejects(own.context.destination(), &[misrouted]).await;
    assert!(matches!(sent, Err(WarehouseError::Refused(_))), "{sent:?}");
    own.close().await;
}

#[tokio::test]
async fn the_reader_account_sees_the_rejects_of_the_tenant_it_names_and_no_other() {
    let shop = Shop::open(Isolation::Shared).await;
    insert(&shop, vec![reject(&shop, 1, received_at())]).await;
    let client_id = shop.context.client_id().as_str();
    let all = "SELECT count() FROM rejected_events";
    for (named, count) in [(Some(client_id), 1), (Some("another"), 0), (None, 0)] {
        let query = shop.reader().query(all);
        let query = match named {
            Some(named) => query.with_setting("log_comment", named),
            None => query,
        };
        assert_eq!(query.fetch_one::<u64>().await.unwrap(), count, "{named:?}");
    }
}

#[tokio::test]
async fn rejects_expire_with_the_rows_of_their_tenant() {
    let shop = Shop::open(Isolation::Schema).await;
    let later = received_at() + TimeDelta::days(1);
    insert(&shop, vec![reject(&shop, 1, received_at()), reject(&shop, 2, later)]).await;
    let destination = shop.context.destination();
    let id = shop.context.client_id();
    assert!(shop.warehouse.expire(destination, id, later).await.unwrap());
    testkit::eventually("the older reject is gone", async || {
        (listed(&shop, &march()).await.len() == 1).then_some(())
    })
    .await;
    shop.close().await;
}

#[tokio::test]
async fn events_are_found_by_id_and_log_time() {
    let shop = Shop::open(Isolation::Shared).await;
    let there = event(AdClick, "2026-03-01T12:00:00Z");
    let ids = [there.event_id, Uuid::now_v7()];
    shop.insert(0, vec![there]).await;
    let events = shop.warehouse.for_tenant(&shop.context);
    let hour = TimeDelta::hours(1);
    let found = events.events_present(&ids, logged_at(0) - hour..logged_at(0) + hour).await;
    assert_eq!(found.unwrap(), ids[..1]);
    let before = events.events_present(&ids, logged_at(0) - hour..logged_at(0)).await;
    assert!(before.unwrap().is_empty());
}
