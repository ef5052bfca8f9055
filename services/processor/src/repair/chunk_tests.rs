//! The rows that records should have, with and without a known plan.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use control_plane::{OffsetSet, PlannedDestination, Poison, Skip};
use events::ParseContext;
use log::Partition;
use serde_json::json;
use stream::{Headers, LogRecord, Unresolved, UnresolvedReason};
use tenancy::{ClientId, TenantContext};
use testkit::{tenant_context, tenant_record};

use super::*;
use crate::record::Entries;

fn noon() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

async fn tenant(name: &str) -> TenantContext {
    tenant_context(tenant_record(&name.parse().unwrap())).await
}

/// The record of a purchase of two products, logged at noon and as many seconds.
#[expect(clippy::disallowed_methods, reason = "stands in for the consumer of the log")]
fn purchase(tenant: &TenantContext, offset: u64) -> Entry {
    let context = ParseContext::new(tenant.client_id(), tenant.currency(), noon());
    let items = json!([{"product_id": "a", "quantity": 1}, {"product_id": "b", "quantity": 1}]);
    let raw = json!({"type": "purchase", "items": items}).to_string();
    let event = events::parse(raw.as_bytes(), &context).unwrap().event;
    let log_time = noon() + TimeDelta::seconds(offset.cast_signed());
    Entry::Record(tenant.scope(record(offset, log_time, serde_json::to_vec(&event).unwrap())))
}

fn unreadable(offset: u64) -> Entry {
    let record = record(offset, noon(), Vec::new());
    Entry::Unresolved(Unresolved { record, reason: UnresolvedReason::UnknownTenant })
}

fn record(offset: u64, log_time: DateTime<Utc>, payload: Vec<u8>) -> LogRecord {
    LogRecord {
        partition: Partition::new(0),
        offset: offset.into(),
        log_time,
        key: None,
        headers: Headers::default(),
        payload: Some(payload.into()),
    }
}

fn records(entries: impl IntoIterator<Item = Entry>) -> Records {
    Records::unchecked(Entries::new(entries.into_iter().collect()))
}

fn elsewhere() -> Destination {
    Destination { cluster: "old".parse().unwrap(), database: "footfall_shared".to_owned() }
}

/// The plan of the offsets 0 to 9, made when acme's rows still went elsewhere.
fn plans() -> Plans {
    let poison = Poison { offset: Offset::new(4), reason: "refused".to_owned() };
    let planned = |destination, tenants: &[&str]| PlannedDestination {
        destination,
        rows: 0,
        routes: tenants.iter().map(|name| (name.parse::<ClientId>().unwrap(), 1)).collect(),
        tenant_rows: BTreeMap::new(),
    };
    let plan = BatchPlan {
        first: Offset::ZERO,
        last: Offset::new(9),
        skip: Skip {
            duplicates: OffsetSet::from_iter([Offset::new(2)]),
            poison: vec![poison],
            ..Skip::default()
        },
        destinations: vec![planned(elsewhere(), &["acme"])],
    };
    Plans(vec![plan])
}

fn retention(tenants: &[(&str, DateTime<Utc>)]) -> Retention {
    Retention::since(tenants.iter().map(|(name, since)| (name.parse().unwrap(), *since)).collect())
}

fn places(chunk: &Chunk) -> BTreeMap<Destination, Vec<(u64, u8)>> {
    let of = |rows: &Rows| rows.places().map(|place| (place.offset.get(), place.line)).collect();
    chunk.rows.iter().map(|(destination, rows)| (destination.clone(), of(rows))).collect()
}

#[tokio::test]
async fn a_plan_decides_and_without_one_rows_go_where_they_would_now() {
    let acme = tenant("acme").await;
    let planned = [1, 2, 4].map(|offset| purchase(&acme, offset));
    let later = [unreadable(10), purchase(&acme, 11), purchase(&acme, 12)];
    let mut records = records(planned.into_iter().chain(later));
    records.mark_resend(5);
    let retention = retention(&[("acme", noon())]);
    let all = noon()..noon() + TimeDelta::hours(1);
    let scope = Scope::Tenant { id: acme.client_id(), logged: &all };
    let chunk = Chunk::new(&records, &plans(), &retention, scope);
    let expected = BTreeMap::from([
        (elsewhere(), vec![(1, 0), (1, 1)]),
        (acme.destination().clone(), vec![(11, 0), (11, 1)]),
    ]);
    assert_eq!(places(&chunk), expected);
    assert_eq!(chunk.expired, BTreeSet::new());

    let tables = elsewhere();
    let chunk = Chunk::new(&records, &plans(), &retention, Scope::Tables(&tables));
    assert_eq!(places(&chunk), BTreeMap::from([(elsewhere(), vec![(1, 0), (1, 1)])]));
}

#[tokio::test]
async fn rows_beyond_retention_and_of_deleted_tenants_are_expired() {
    let acme = tenant("acme").await;
    let records = records([purchase(&acme, 1), purchase(&acme, 3), unreadable(5), unreadable(20)]);
    let tables = elsewhere();
    let since = noon() + TimeDelta::seconds(2);
    let chunk =
        Chunk::new(&records, &plans(), &retention(&[("acme", since)]), Scope::Tables(&tables));
    assert_eq!(places(&chunk), BTreeMap::from([(elsewhere(), vec![(3, 0), (3, 1)])]));
    assert_eq!(
        chunk.expired,
        BTreeSet::from([Offset::new(1), Offset::new(5)]),
        "planned and not retained"
    );

    let nobody = Chunk::new(&records, &plans(), &retention(&[]), Scope::Tables(&tables));
    assert!(nobody.rows.is_empty() && nobody.expired.contains(&Offset::new(3)));
}

#[test]
fn plans_cover_a_range_without_gaps() {
    let plan = |first, last| BatchPlan {
        first: Offset::new(first),
        last: Offset::new(last),
        skip: Skip::default(),
        destinations: Vec::new(),
    };
    let range = |first, last| LogRange::new(1, 0, first, last);
    let dense = Plans(vec![plan(0, 9), plan(10, 19)]);
    assert!(dense.cover(range(0, 19)) && dense.cover(range(5, 12)) && !dense.cover(range(5, 20)));
    let gap = Plans(vec![plan(0, 9), plan(11, 19)]);
    assert!(!gap.cover(range(5, 15)) && gap.cover(range(11, 19)));
    assert!(!Plans(Vec::new()).cover(range(0, 0)));
}
