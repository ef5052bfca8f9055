//! Where the rows of a tenant go that is moved, before and after its plan is made.

use events::ParseContext;
use log::Partition;
use serde_json::json;
use stream::{Entry, Headers, LogRecord};
use tenancy::{Isolation, Placement};
use testkit::{tenant_context, tenant_record};

use super::*;
use crate::record::Records;

fn placement(isolation: Isolation, route_version: u32) -> Placement {
    Placement { isolation, cluster: "shared".parse().unwrap(), route_version }
}

/// The tenant on this version of its route; from the second on, it has a mirror.
async fn acme(route_version: u32) -> TenantContext {
    let record = tenant_record(&"acme".parse().unwrap());
    let mirror = (route_version > 1).then(|| placement(Isolation::Schema, route_version));
    let placement = placement(Isolation::Shared, route_version);
    tenant_context(tenancy::TenantRecord { placement, mirror, ..record }).await
}

/// The record of a purchase of two products.
#[expect(clippy::disallowed_methods, reason = "stands in for the consumer of the log")]
fn purchase(tenant: &TenantContext, offset: u64) -> Entry {
    let log_time = "2026-11-21T12:00:00Z".parse().unwrap();
    let context = ParseContext::new(tenant.client_id(), tenant.currency(), log_time);
    let items = json!([{"product_id": "a", "quantity": 1}, {"product_id": "b", "quantity": 1}]);
    let raw = json!({"type": "purchase", "items": items}).to_string();
    let event = events::parse(raw.as_bytes(), &context).unwrap().event;
    Entry::Record(tenant.scope(LogRecord {
        partition: Partition::new(0),
        offset: offset.into(),
        log_time,
        key: None,
        headers: Headers::default(),
        payload: Some(serde_json::to_vec(&event).unwrap().into()),
    }))
}

fn draft(entries: Vec<Entry>, skipping: Skipping) -> BatchPlan {
    drafted(entries, skipping).plan
}

fn drafted(entries: Vec<Entry>, skipping: Skipping) -> Draft {
    let entries = Entries::from(entries);
    let seen = Arc::new(Seen::default());
    let first = LogPlace::new(1, 0, 0);
    let mut drafting = Drafting::new(&Warehouse::default(), &seen, first, &entries, skipping);
    for record in Records::unchecked(entries).iter() {
        assert!(drafting.add(&record).is_continue());
    }
    drafting.finish().draft.unwrap()
}

fn tolerated() -> Skipping {
    Skipping::Tolerated(Tolerance::new(10, Vec::new()), Arc::default())
}

/// The databases of a plan, with their rows and acme's route version.
fn summary(plan: &BatchPlan) -> Vec<(&str, u64, u32)> {
    let destinations = plan.destinations.iter();
    let of = destinations.map(|planned| {
        let version = planned.routes.values().next().copied().unwrap_or_default();
        assert_eq!(planned.tenant_rows.values().sum::<u64>(), planned.rows);
        (planned.destination.database.as_str(), planned.rows, version)
    });
    of.collect()
}

#[tokio::test]
async fn each_row_of_a_tenant_that_is_moved_goes_to_both_sides() {
    let acme = acme(2).await;
    let plan = draft(vec![purchase(&acme, 0), purchase(&acme, 1)], tolerated());
    assert_eq!(summary(&plan), [("footfall_shared", 4, 2), ("tenant_acme", 4, 2)]);
}

#[tokio::test]
async fn the_side_that_is_not_read_has_each_row_first() {
    let record = tenant_record(&"globex".parse().unwrap());
    // It goes the other way: it is read in its own tables, and mirrored to the shared ones.
    let globex = tenancy::TenantRecord {
        placement: placement(Isolation::Schema, 2),
        mirror: Some(placement(Isolation::Shared, 2)),
        ..record
    };
    let (acme, globex) = (acme(2).await, tenant_context(globex).await);
    let waves = |entries| {
        let mut loads = drafted(entries, tolerated()).loads;
        loads.sort_by_key(Load::wave);
        loads.into_iter().map(|load| load.destination.database).collect::<Vec<_>>()
    };
    assert_eq!(waves(vec![purchase(&acme, 0)]), ["tenant_acme", "footfall_shared"]);
    assert_eq!(waves(vec![purchase(&globex, 0)]), ["footfall_shared", "tenant_globex"]);
    let both = vec![purchase(&acme, 0), purchase(&globex, 1)];
    assert_eq!(waves(both), ["tenant_acme", "footfall_shared", "tenant_globex"]);
}

#[tokio::test]
async fn a_batch_that_was_read_on_two_routes_is_based_on_the_older_one() {
    let entries = vec![purchase(&acme(1).await, 0), purchase(&acme(2).await, 1)];
    let plan = draft(entries, tolerated());
    assert_eq!(plan.routes().values().copied().collect::<Vec<_>>(), [1], "so it is refused");
}

#[tokio::test]
async fn a_planned_batch_goes_where_its_plan_says_whatever_the_route_is_by_then() {
    let before = draft(vec![purchase(&acme(1).await, 0)], tolerated());
    assert_eq!(summary(&before), [("footfall_shared", 2, 1)]);
    let again = draft(vec![purchase(&acme(2).await, 0)], Skipping::Planned(before.clone()));
    assert!(again.is_same_as(&before), "{again:?}");
    assert_eq!(summary(&again), summary(&before));
}
