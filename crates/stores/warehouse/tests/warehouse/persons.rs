use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use events::{Event, EventType::AdClick};
use log::LogPlace;
use metrics::{Counter, Granularity, TimeRange};
use privacy::{Person, PersonKey, PersonKind, any_id};
use tenancy::Isolation;
use warehouse::{
    PersonIds, PersonPart, PersonRows, PersonSearch, RejectId, RejectedEvent, WarehouseError,
};

use crate::{
    kept::{expired, keep, kept_days, midnight},
    shop::{Shop, all_day, at, event, item},
};

const NOON: &str = "2026-03-01T12:00:00Z";

/// When the person is erased: after all events of these tests.
const ERASED: &str = "2026-03-02T00:00:00Z";

fn click(visitor: &str, customer: &str) -> Event {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Event { visitor_id: text(visitor), customer_id: text(customer), ..event(AdClick, NOON) }
}

fn search(persons: &[(PersonKind, &str)], before: DateTime<Utc>) -> PersonSearch {
    let key = PersonKey::from_bytes(&[7; 32]).unwrap();
    let hash =
        |(kind, id): &(PersonKind, &str)| (key.hash(&Person::new(*kind, id).unwrap()), before);
    PersonSearch { pads: key.pads(), persons: persons.iter().map(hash).collect() }
}

fn nobody(_: &[u8]) -> bool {
    false
}

async fn rows(shop: &Shop, search: &PersonSearch) -> PersonRows {
    let (placement, id) = (shop.context.placement(), shop.context.client_id());
    shop.warehouse.person_rows(placement, id, search, &nobody).await.unwrap()
}

async fn erase(shop: &Shop, search: &PersonSearch) {
    let (placement, id) = (shop.context.placement(), shop.context.client_id());
    assert!(shop.warehouse.erase_persons(placement, id, search, &nobody).await.unwrap());
}

/// Returns the clicks of a report, whose sums come from the projection.
async fn reported(shop: &Shop) -> u64 {
    let range = TimeRange::covering(at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z"));
    let reports = shop.warehouse.for_tenant(&shop.context);
    let campaign = "spring-sale".parse().unwrap();
    let series = reports
        .campaign_series(&campaign, range.unwrap(), Granularity::Day, chrono_tz::UTC)
        .await
        .unwrap();
    series.values().map(|sums| sums.count(Counter::Clicks)).sum()
}

#[tokio::test]
async fn the_rows_of_erased_persons_go_and_the_rollups_follow_in_every_tier() {
    for isolation in Isolation::ALL {
        let shop = Shop::open(isolation).await;
        let neighbour = Shop::open(isolation).await;
        let mut order = click("ann", "");
        order.items = vec![item("a", 1_000, None), item("b", 1_000, None)];
        let all =
            vec![order, click("ann", "c-1"), click("bob", "c-2"), click("", ""), click("x", "ann")];
        shop.insert(0, all.clone()).await;
        neighbour.insert(0, all).await;
        let persons = [(PersonKind::Visitor, "ann"), (PersonKind::Customer, "c-2")];
        let search = search(&persons, at(ERASED));
        assert_eq!(rows(&shop, &search).await, PersonRows { event_rows: 4, rejects: 0 });
        let own = shop.warehouse.for_tenant(&shop.context).rows_of_persons(&search).await;
        assert_eq!(own.unwrap(), 4, "the reader counts the same");

        erase(&shop, &search).await;
        assert!(rows(&shop, &search).await.is_empty());
        let left = shop.warehouse.present(&shop.batch(0, 10), all_day()).await.unwrap();
        assert_eq!(left.len(), 2, "events of nobody, and of a visitor with the customer's id");
        assert_eq!(reported(&shop).await, 2, "the projection agrees with the rows");
        assert_eq!(reported(&neighbour).await, 5);
        erase(&shop, &search).await;
        shop.close().await;
        neighbour.close().await;
    }
}

#[tokio::test]
async fn kept_rollups_name_no_person_and_keep_their_sums_after_an_erasure() {
    let shop = Shop::open(Isolation::Schema).await;
    let mut order = Event { order_id: Some("o-1".to_owned()), ..click("ann", "c-1") };
    order.session_id = Some("s-1".to_owned());
    shop.insert(0, vec![order, click("ann", ""), click("bob", "")]).await;
    for day in expired(&shop, midnight()).await {
        assert!(keep(&shop, day).await);
    }
    let stored = "SELECT toString(tuple(*)) FROM kept_rollups ORDER BY ALL";
    let database = &shop.context.destination().database;
    let stored = async || -> Vec<String> {
        let writer = shop.writer().with_database(database);
        writer.query(stored).fetch_all().await.unwrap()
    };
    let before = stored().await;
    assert!(!before.is_empty());
    for id in ["ann", "bob", "c-1", "s-1", "o-1"] {
        let names = |row: &String| row.contains(&format!("'{id}'"));
        assert!(!before.iter().any(names), "{id} is named: {before:?}");
    }

    let persons = [(PersonKind::Visitor, "ann"), (PersonKind::Customer, "c-1")];
    let search = search(&persons, at(ERASED));
    erase(&shop, &search).await;
    assert!(rows(&shop, &search).await.is_empty());
    assert_eq!(stored().await, before);
    let kept = kept_days(&shop).await;
    assert_eq!(kept.map(|kept| kept.until), Some(midnight()));
    shop.close().await;
}

#[tokio::test]
async fn a_row_that_neither_happened_nor_was_received_before_the_erasure_stays() {
    let shop = Shop::open(Isolation::Schema).await;
    let received = at("2026-03-01T23:49:59.123Z");
    let late = Event { event_time: received, ..click("ann", "") };
    shop.insert(0, vec![click("ann", ""), late]).await;
    let of = |before| search(&[(PersonKind::Visitor, "ann")], before);
    assert_eq!(rows(&shop, &of(at(NOON))).await.event_rows, 0);
    assert_eq!(rows(&shop, &of(at(NOON) + TimeDelta::milliseconds(1))).await.event_rows, 1);
    assert_eq!(rows(&shop, &of(received)).await.event_rows, 1);
    assert_eq!(rows(&shop, &of(received + TimeDelta::milliseconds(1))).await.event_rows, 2);
    shop.close().await;
}

#[tokio::test]
async fn a_search_is_about_thousands_of_persons_and_a_deletion_about_thousands_of_places() {
    let shop = Shop::open(Isolation::Schema).await;
    let mut all = vec![click("bob", "")];
    all.extend((0..6_000).map(|_| click("ann", "")));
    shop.insert(100_000_000, all).await;
    let ids: Vec<_> = (0..5_000).map(|number| format!("v-{number}")).collect();
    let mut persons: Vec<_> = ids.iter().map(|id| (PersonKind::Visitor, id.as_str())).collect();
    persons.push((PersonKind::Visitor, "ann"));
    let search = search(&persons, at(ERASED));
    assert_eq!(rows(&shop, &search).await.event_rows, 6_000);
    erase(&shop, &search).await;
    assert!(rows(&shop, &search).await.is_empty());
    assert_eq!(reported(&shop).await, 1, "the other visitor's");
    shop.close().await;
}

#[tokio::test]
async fn what_is_erased_is_in_no_command_that_the_server_keeps() {
    let shop = Shop::open(Isolation::Schema).await;
    shop.insert(0, vec![click("canary-of-a-person", "")]).await;
    let search = search(&[(PersonKind::Visitor, "canary-of-a-person")], at(ERASED));
    erase(&shop, &search).await;
    let kept: Vec<String> = shop
        .writer()
        .query("SELECT command FROM system.mutations WHERE database = ?")
        .bind(&shop.context.destination().database)
        .fetch_all()
        .await
        .unwrap();
    assert!(!kept.is_empty());
    let inner = hex::encode(search.pads.inner);
    for command in kept {
        assert!(!command.contains("canary") && !command.contains(&inner), "{command}");
    }
    shop.close().await;
}

fn reject(shop: &Shop, offset: u64, original: &'static str) -> (LogPlace, RejectedEvent) {
    let place = LogPlace::new(shop.generation.get(), 1, offset);
    let reject = RejectedEvent {
        id: RejectId::new(at(NOON), place),
        code: "invalid_value".to_owned(),
        pointer: "/cost".to_owned(),
        reason: "must be a number".to_owned(),
        event_id: None,
        sent_at: None,
        history: false,
        set_aside: false,
        original: Bytes::from_static(original.as_bytes()),
    };
    (place, reject)
}

#[tokio::test]
async fn refused_events_that_name_a_person_are_counted_erased_and_exported() {
    let shop = Shop::open(Isolation::Schema).await;
    let rejects = vec![
        reject(&shop, 1, r#"{"anonymousId":"ann","cost":"a lot"}"#),
        reject(&shop, 2, r#"{"visitor_id":"annie","cost":"a lot"}"#),
        reject(&shop, 3, r#"{"visitor_id":"ann","#),
        reject(&shop, 4, r#"{"type":"ann","visitor_id":"bob"}"#),
    ];
    #[expect(clippy::disallowed_methods, reason = "in place of the consumer of the log")]
    let rejects = shop.context.scope(rejects);
    shop.warehouse.insert_rejects(shop.context.destination(), &[rejects]).await.unwrap();
    shop.insert(0, vec![click("ann", ""), click("bob", "")]).await;
    let names = |original: &[u8]| any_id(original, |_, id| id == "ann");
    let search = search(&[(PersonKind::Visitor, "ann")], at(ERASED));
    let (placement, id) = (shop.context.placement(), shop.context.client_id());

    let reports = shop.warehouse.for_tenant(&shop.context);
    let ids = PersonIds { visitors: vec!["ann".to_owned()], customers: Vec::new() };
    let mut export = reports.export_persons(&ids).await.unwrap();
    let (mut text, mut named) = (Vec::new(), 0);
    while let Some(part) = export.next(names).await.unwrap() {
        match part {
            PersonPart::Events(part) => text.extend_from_slice(&part),
            PersonPart::Reject(reject) => {
                assert!(names(&reject.original));
                named += 1;
            }
        }
    }
    drop(export);
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains(r#""record":"event""#) && text.contains(r#""visitor_id":"ann""#),
        "{text}"
    );
    assert_eq!(named, 2);
    let counted = reports.count_rejects_that(|_, original| names(original)).await.unwrap();
    assert_eq!(counted, 2);

    let found = shop.warehouse.person_rows(placement, id, &search, &names).await.unwrap();
    assert_eq!(found, PersonRows { event_rows: 1, rejects: 2 });
    assert!(shop.warehouse.erase_persons(placement, id, &search, &names).await.unwrap());
    let left = shop.warehouse.person_rows(placement, id, &search, &names).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    let others = reports.count_rejects_that(|_, _| true).await.unwrap();
    assert_eq!(others, 2, "those of other visitors are left");
    shop.close().await;
}

#[tokio::test]
async fn an_export_takes_the_rejects_one_after_the_other_in_one_place() {
    let shop = Shop::open(Isolation::Schema).await;
    let rejects = (1..=3).map(|offset| reject(&shop, offset, r#"{"visitor_id":"ann"}"#)).collect();
    #[expect(clippy::disallowed_methods, reason = "in place of the consumer of the log")]
    let rejects = shop.context.scope(rejects);
    shop.warehouse.insert_rejects(shop.context.destination(), &[rejects]).await.unwrap();
    let reports = shop.warehouse.for_tenant(&shop.context);
    let ids = PersonIds { visitors: vec!["ann".to_owned()], customers: Vec::new() };
    let mut export = reports.export_persons(&ids).await.unwrap();
    let asked = std::cell::Cell::new(0);
    let names = |_: &[u8]| {
        asked.set(asked.get() + 1);
        true
    };
    assert!(matches!(export.next(names).await.unwrap(), Some(PersonPart::Reject(_))));
    assert_eq!(asked.get(), 1, "the others are still on their way");
    let another = reports.export_persons(&ids).await;
    assert!(matches!(another, Err(WarehouseError::Busy)), "the place is taken until the end");
    drop(export);
    drop(reports.export_persons(&ids).await.unwrap());
    shop.close().await;
}

#[tokio::test]
async fn a_tenant_without_tables_has_no_rows_to_erase() {
    let shop = Shop::without_tables(Isolation::Schema).await;
    let search = search(&[(PersonKind::Visitor, "ann")], at(ERASED));
    assert!(rows(&shop, &search).await.is_empty());
    erase(&shop, &search).await;
}
