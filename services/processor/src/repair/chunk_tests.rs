//! Which rows records mean, by plans that are known, and by those that are not.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use control_plane::{OffsetSet, PlannedDestination, Poison, Skip};
use events::Admission;
use serde_json::json;
use tenancy::{ClientId, TenantContext};
use testkit::{tenant_context, tenant_record};

use super::*;
use crate::record::Unreadable;

fn noon() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

async fn tenant(name: &str) -> TenantContext {
    tenant_context(tenant_record(&name.parse().unwrap())).await
}

/// A purchase of two products, logged at noon and as many seconds.
#[expect(clippy::disallowed_methods, reason = "stands in for the consumer of the log")]
fn purchase(tenant: &TenantContext, offset: Offset) -> Decoded {
    let admission = Admission::new(tenant.client_id(), tenant.currency(), noon());
    let items = json!([{"product_id": "a", "quantity": 1}, {"product_id": "b", "quantity": 1}]);
    let raw = json!({"type": "purchase", "items": items}).to_string();
    let event = events::parse(raw.as_bytes(), &admission).unwrap().event;
    Decoded {
        offset,
        log_time: noon() + TimeDelta::seconds(offset.cast_signed()),
        event: Ok(tenant.scope(Arc::new(event))),
        resend: false,
    }
}

fn unreadable(offset: Offset) -> Decoded {
    let event = Err(Unreadable { reason: "unknown_tenant".to_owned(), record: None });
    Decoded { offset, log_time: noon(), event, resend: false }
}

fn elsewhere() -> Destination {
    Destination { cluster: "old".parse().unwrap(), database: "footfall_shared".to_owned() }
}

/// The plan of the offsets 0 to 9, made when acme's rows still went elsewhere.
fn plans() -> Plans {
    let poison = Poison { offset: 4, reason: "refused".to_owned() };
    let planned = |destination, tenants: &[&str]| PlannedDestination {
        destination,
        rows: 0,
        routes: tenants.iter().map(|name| (name.parse::<ClientId>().unwrap(), 1)).collect(),
    };
    let plan = BatchPlan {
        first: 0,
        last: 9,
        skip: Skip { duplicates: OffsetSet::from_iter([2]), poison: vec![poison] },
        destinations: vec![planned(elsewhere(), &["acme"])],
    };
    Plans(vec![plan])
}

fn kept(tenants: &[(&str, DateTime<Utc>)]) -> Kept {
    Kept::since(tenants.iter().map(|(name, since)| (name.parse().unwrap(), *since)).collect())
}

fn places(chunk: &Chunk) -> BTreeMap<Destination, Vec<(u64, u8)>> {
    let place = |row: &EventRow| (row.coordinates().offset, row.line());
    let of = |share: &Vec<Scoped<Vec<EventRow>>>| {
        share.iter().flat_map(|group| group.value().iter().map(place)).collect()
    };
    chunk.shares.iter().map(|(destination, share)| (destination.clone(), of(share))).collect()
}

#[tokio::test]
async fn what_was_planned_counts_and_what_was_not_goes_where_it_would_today() {
    let acme = tenant("acme").await;
    let mut resend = purchase(&acme, 12);
    resend.resend = true;
    let planned = [1, 2, 4].map(|offset| purchase(&acme, offset));
    let records: Vec<_> =
        planned.into_iter().chain([unreadable(10), purchase(&acme, 11), resend]).collect();
    let kept = kept(&[("acme", noon())]);
    let all = noon()..noon() + TimeDelta::hours(1);
    let scope = Scope::Tenant { id: acme.client_id(), logged: &all };
    let chunk = Chunk::new(&records, &plans(), &kept, scope);
    let expected = BTreeMap::from([
        (elsewhere(), vec![(1, 0), (1, 1)]),
        (acme.destination().clone(), vec![(11, 0), (11, 1)]),
    ]);
    assert_eq!(places(&chunk), expected);
    assert_eq!(chunk.let_go, BTreeSet::new());

    let tables = elsewhere();
    let chunk = Chunk::new(&records, &plans(), &kept, Scope::Tables(&tables));
    assert_eq!(places(&chunk), BTreeMap::from([(elsewhere(), vec![(1, 0), (1, 1)])]));
}

#[tokio::test]
async fn rows_beyond_retention_and_of_tenants_that_are_gone_are_let_go() {
    let acme = tenant("acme").await;
    let records = [purchase(&acme, 1), purchase(&acme, 3), unreadable(5), unreadable(20)];
    let tables = elsewhere();
    let since = noon() + TimeDelta::seconds(2);
    let chunk = Chunk::new(&records, &plans(), &kept(&[("acme", since)]), Scope::Tables(&tables));
    assert_eq!(places(&chunk), BTreeMap::from([(elsewhere(), vec![(3, 0), (3, 1)])]));
    assert_eq!(chunk.let_go, BTreeSet::from([1, 5]), "what was planned and is not kept");

    let nobody = Chunk::new(&records, &plans(), &kept(&[]), Scope::Tables(&tables));
    assert!(nobody.shares.is_empty() && nobody.let_go.contains(&3));
}

#[test]
fn plans_cover_what_lies_within_them_without_a_gap() {
    let plan =
        |first, last| BatchPlan { first, last, skip: Skip::default(), destinations: Vec::new() };
    let dense = Plans(vec![plan(0, 9), plan(10, 19)]);
    assert!(dense.cover(0, 19) && dense.cover(5, 12) && !dense.cover(5, 20));
    let gap = Plans(vec![plan(0, 9), plan(11, 19)]);
    assert!(!gap.cover(5, 15) && gap.cover(11, 19) && !Plans(Vec::new()).cover(0, 0));
}
