use std::sync::Arc;

use chrono_tz::{Asia::Kolkata, Europe::Berlin};
use events::{
    Event,
    EventType::{AdClick, ProductView, Purchase},
};
use metrics::{
    Counter, Dimension, DimensionTest, EventTest, Filter, Granularity, Level, MemberKey,
    Membership, TextTest, TimeRange,
};
use tenancy::Isolation;
use uuid::Uuid;
use warehouse::{CellQuery, Keys};

use crate::shop::{Shop, at, event, item};

const TIME: &str = "2026-03-01T22:50:00Z";

fn day() -> TimeRange {
    TimeRange::covering(at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z")).unwrap()
}

fn is(dimension: Dimension, text: &str) -> Filter<DimensionTest> {
    Filter::Test(DimensionTest { dimension, test: TextTest::In(vec![text.to_owned()]) })
}

/// Returns the visitors who have bought something, whom no other condition limits.
fn buyers() -> Membership {
    Membership {
        cohort: Uuid::now_v7(),
        by: MemberKey::Visitor,
        did: is(Dimension::EventType, "purchase"),
        at_least: 1,
        time: day(),
        zone: Berlin,
    }
}

fn of(visitor: &str, event: Event) -> Event {
    Event { visitor_id: (!visitor.is_empty()).then(|| visitor.to_owned()), ..event }
}

fn bought(visitor: &str, brands: &[&str]) -> Event {
    let brand = |brand: &&str| events::Item {
        brand: Some((*brand).to_owned()),
        ..item("boots", 1_000, None)
    };
    let items = brands.iter().map(brand).collect();
    of(visitor, Event { items, ..event(Purchase, TIME) })
}

/// Returns the number of clicks of the members, and of everybody else.
async fn clicks(shop: &Shop, membership: &Membership) -> [u64; 2] {
    let member = Filter::Test(EventTest::Member(Arc::new(membership.clone())));
    let others = Filter::Not(Box::new(member.clone()));
    let mut clicks = [0; 2];
    for (clicks, filter) in clicks.iter_mut().zip([&member, &others]) {
        let query = CellQuery {
            range: day(),
            buckets: Granularity::Total.buckets(day(), Kolkata),
            // Not the zone of the cohort.
            zone: Kolkata,
            home: "EUR".parse().unwrap(),
            level: Level::Event,
            counts: true,
            by: &[],
            filter,
            keys: Keys::All,
            advertisers: None,
        };
        let reports = shop.warehouse.for_tenant(&shop.context);
        let cells = reports.cells(&query).await.unwrap();
        *clicks = cells.values().map(|sums| sums.count(Counter::Clicks)).sum();
        assert_eq!(reports.explain(&query).await.unwrap().rollup, None);
    }
    clicks
}

async fn size(shop: &Shop, membership: &Membership) -> u64 {
    shop.warehouse.for_tenant(&shop.context).cohort_size(membership).await.unwrap()
}

#[tokio::test]
async fn members_are_who_did_something_often_enough_at_its_time() {
    for isolation in [Isolation::Shared, Isolation::Schema] {
        let shop = Shop::open(isolation).await;
        let click = |visitor| of(visitor, event(AdClick, TIME));
        let earlier = event(Purchase, "2026-02-01T10:00:00Z");
        let events = vec![
            bought("ann", &["Alpine", "Alpine"]),
            bought("ann", &["Nordic"]),
            bought("bob'; --", &["Nordic"]),
            bought("", &["Alpine"]),
            of("cid", earlier),
            of("cid", event(ProductView, TIME)),
            click("ann"),
            click("ann"),
            click("bob'; --"),
            click("cid"),
            click(""),
        ];
        shop.insert(0, events).await;
        let with = |more: Filter<DimensionTest>| Membership {
            did: Filter::All(vec![buyers().did, more]),
            ..buyers()
        };
        let alpine = is(Dimension::Brand, "Alpine");
        let february =
            TimeRange::covering(at("2026-02-01T00:00:00Z"), at("2026-03-01T00:00:00Z")).unwrap();
        // A quarter to midnight in Berlin.
        let late = with(is(Dimension::HourOfDay, "23"));
        for (membership, members, expected) in [
            (buyers(), 2, [3, 2]),
            (Membership { at_least: 2, ..buyers() }, 1, [2, 3]),
            (Membership { at_least: 3, ..buyers() }, 0, [0, 5]),
            (Membership { time: february, ..buyers() }, 1, [1, 4]),
            (Membership { by: MemberKey::Customer, ..buyers() }, 0, [0, 5]),
            (with(alpine.clone()), 1, [2, 3]),
            // Two items of one order are one order.
            (Membership { at_least: 2, ..with(alpine) }, 0, [0, 5]),
            (with(is(Dimension::Brand, "'; DROP TABLE events")), 0, [0, 5]),
            (with(Filter::Any(Vec::new())), 0, [0, 5]),
            (with(is(Dimension::Currency, "EUR")), 2, [3, 2]),
            (late.clone(), 2, [3, 2]),
            (Membership { zone: Kolkata, ..late }, 0, [0, 5]),
        ] {
            assert_eq!(size(&shop, &membership).await, members, "{membership:?}");
            assert_eq!(clicks(&shop, &membership).await, expected, "{membership:?}");
        }
        shop.close().await;
    }
}

#[tokio::test]
async fn the_same_visitor_of_another_tenant_makes_no_member() {
    let (own, other) = (Shop::open(Isolation::Shared).await, Shop::open(Isolation::Shared).await);
    other.insert(0, vec![bought("ann", &["Alpine"])]).await;
    own.insert(0, vec![of("ann", event(AdClick, TIME))]).await;
    assert_eq!(size(&own, &buyers()).await, 0);
    assert_eq!(clicks(&own, &buyers()).await, [0, 1]);
    assert_eq!(size(&other, &buyers()).await, 1);
}
