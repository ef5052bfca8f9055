use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Europe::Berlin;
use events::{
    Event,
    EventType::{AdImpression, PageView},
};
use metrics::{Dimension, Distinct, Distincts, Filter, Granularity, TimeRange};
use tenancy::Isolation;
use warehouse::CellQuery;

use super::{TIME, day, query, texts};
use crate::shop::{Shop, at, event};

#[tokio::test]
async fn distinct_values_are_counted_in_each_bucket_and_in_all() {
    let shop = Shop::open(Isolation::Schema).await;
    let of = |visitor: &str, customer: Option<&str>, time: &str| Event {
        visitor_id: Some(visitor.to_owned()),
        customer_id: customer.map(str::to_owned),
        ..event(AdImpression, time)
    };
    let morning = "2026-03-01T08:00:00Z";
    let events =
        vec![of("ann", Some("1"), morning), of("ann", None, TIME), of("bob", Some("1"), TIME)];
    shop.insert(0, events).await;
    let everything = Filter::EVERYTHING;
    let by = [Dimension::Campaign];
    let buckets = Granularity::Hour.buckets(day(), Berlin);
    let hours = CellQuery { buckets, ..query(&by, &everything) };
    let wanted = BTreeSet::from([Distinct::Visitors, Distinct::Customers]);
    let cells =
        shop.warehouse.for_tenant(&shop.context).distinct_cells(&hours, &wanted).await.unwrap();
    let keys = texts(&["spring-sale"]);
    let both = Distincts { visitors: 2, customers: 1, ..Distincts::default() };
    assert_eq!(cells.totals[&keys], both);
    assert_eq!(cells.buckets[&(at("2026-03-01T22:00:00Z"), keys)], both);
    assert_eq!(cells.buckets.len(), 2);
    shop.close().await;
}

#[tokio::test]
async fn a_session_is_counted_where_it_begins_for_each_key_that_it_has() {
    let shop = Shop::open(Isolation::Schema).await;
    let of = |visitor: &str, campaign: &str, time: &str| Event {
        visitor_id: Some(visitor.to_owned()),
        campaign_id: Some(campaign.parse().unwrap()),
        ..event(PageView, time)
    };
    let events = vec![
        of("ann", "a", "1970-01-01T00:00:00Z"),
        of("ann", "a", "2026-02-28T23:50:00Z"),
        of("ann", "a", "2026-03-01T00:10:00Z"),
        of("ann", "b", "2026-03-01T00:20:00Z"),
        of("ann", "a", "2026-03-01T00:40:00Z"),
        of("ann", "a", "2026-03-01T01:10:00.001Z"),
        event(PageView, "2026-03-01T12:00:00Z"),
    ];
    shop.insert(0, events).await;
    let everything = Filter::EVERYTHING;
    let by = [Dimension::Campaign];
    let wanted = BTreeSet::from([Distinct::Sessions]);
    let sessions = async |query: CellQuery<'_>| {
        let reports = shop.warehouse.for_tenant(&shop.context);
        let cells = reports.distinct_cells(&query, &wanted).await.unwrap();
        let counted = cells.totals.into_iter().map(|(keys, seen)| (keys.concat(), seen.sessions));
        counted.collect::<BTreeMap<_, _>>()
    };
    let one_of_each = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 1)]);
    assert_eq!(sessions(query(&by, &everything)).await, one_of_each);
    let together = sessions(query(&[], &everything)).await;
    assert_eq!(together[""], 1, "the first session of the day began the day before");
    let range = TimeRange::covering(at("1970-01-01T00:00:00Z"), at("1970-01-02T00:00:00Z"));
    let first = range.unwrap();
    let buckets = Granularity::Total.buckets(first, Berlin);
    let first = sessions(CellQuery { range: first, buckets, ..query(&[], &everything) }).await;
    assert_eq!(first[""], 1, "nothing precedes 1970");
    shop.close().await;
}
