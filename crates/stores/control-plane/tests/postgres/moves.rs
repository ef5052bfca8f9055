use std::{collections::BTreeMap, time::Duration};

use chrono::Utc;
use control_plane::{
    BackOut, BatchPlan, BegunMove, ControlPlaneError, Group, Ledger, LedgerError, MoveRefusal,
    Neighbour, PlannedDestination, PlatformControl, Skip, TenantMove,
};
use log::{LogPlace, Offset, Partition};
use serde_json::json;
use tenancy::{ClusterName, Destination, Isolation, MoveState, MoveStep, TenantDirectory};

use crate::fixture::{Platform, cluster, id, sealer, spec};

const TOPIC: &str = "events.v1";
const FIRST: Partition = Partition::new(0);

fn destination(database: &str) -> Destination {
    Destination { cluster: "shared".parse().unwrap(), database: database.to_owned() }
}

/// A batch of acme's rows that is based on a version of its route.
fn plan(first: u64, last: u64, version: u32, databases: &[&str]) -> BatchPlan {
    let planned = |database: &&str| PlannedDestination {
        destination: destination(database),
        rows: last - first + 1,
        routes: BTreeMap::from([(id("acme"), version)]),
        tenant_rows: BTreeMap::from([(id("acme"), last - first + 1)]),
    };
    BatchPlan {
        first: Offset::new(first),
        last: Offset::new(last),
        skip: Skip::default(),
        destinations: databases.iter().map(planned).collect(),
    }
}

async fn begun(admin: &PlatformControl) -> TenantMove {
    let shared = "shared".parse().unwrap();
    match admin.begin_move(&id("acme"), Isolation::Schema, &shared).await.unwrap() {
        BegunMove::Begun(begun) => *begun,
        BegunMove::Refused(refusal) => panic!("{refusal:?}"),
    }
}

async fn latest(admin: &PlatformControl) -> TenantMove {
    admin.latest_move(&id("acme")).await.unwrap().unwrap()
}

/// Runs every step up to this one, which is included.
async fn run_to(admin: &PlatformControl, last: MoveStep) -> TenantMove {
    loop {
        let found = latest(admin).await;
        let step = found.course().next().unwrap();
        match found.course().route(step) {
            Some(route) => assert!(admin.route_move(&found, step, route, TOPIC).await.unwrap()),
            None => {
                assert!(admin.begin_move_step(&found, step).await.unwrap());
                admin.finish_move_step(&found, step, &json!({"rows": 3})).await.unwrap();
            }
        }
        if step == last {
            return latest(admin).await;
        }
    }
}

async fn ledger(platform: &Platform) -> Ledger {
    let ledger = platform.control_plane.ledger();
    ledger.generation(TOPIC, "topic-1", 1).await.unwrap();
    ledger
}

#[tokio::test]
async fn a_batch_is_planned_on_the_current_route_or_not_at_all() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let ledger = ledger(&platform).await;
    let generation = ledger.generation(TOPIC, "topic-1", 1).await.unwrap();
    let lease = ledger.take(Group::Store, generation, FIRST, "a").await.unwrap();
    ledger.plan(&lease, &plan(0, 9, 1, &["footfall_shared"])).await.unwrap();

    begun(&admin).await;
    let cut = run_to(&admin, MoveStep::Cut).await;
    let places = &cut.step(MoveStep::Cut).unwrap().places;
    assert_eq!(places, &[LogPlace::new(generation.get(), 0, 10)], "after what was planned before");

    let old = ledger.plan(&lease, &plan(10, 19, 1, &["footfall_shared"])).await;
    assert!(matches!(old, Err(LedgerError::Rerouted)), "{old:?}");
    let both = plan(10, 19, 2, &["footfall_shared", "tenant_acme"]);
    ledger.plan(&lease, &both).await.unwrap();
    let lease = ledger.mark(&lease, Offset::new(9), Utc::now()).await.unwrap();
    ledger.mark(&lease, Offset::new(19), Utc::now()).await.unwrap();
}

#[tokio::test]
async fn records_that_were_written_on_an_older_route_are_not_passed() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let ledger = ledger(&platform).await;
    let generation = ledger.generation(TOPIC, "topic-1", 1).await.unwrap();
    let lease = ledger.take(Group::Rejects, generation, FIRST, "a").await.unwrap();
    let acme = id("acme");
    begun(&admin).await;
    run_to(&admin, MoveStep::Cut).await;
    let advance = async |version| {
        let routes = BTreeMap::from([(&acme, version)]);
        ledger.advance_on_routes(&lease, Offset::new(5), Utc::now(), &routes).await
    };
    let old = advance(1).await;
    assert!(matches!(old, Err(LedgerError::Rerouted)), "{old:?}");
    assert_eq!(advance(2).await.unwrap().next.offset, Offset::new(5));
    assert!(matches!(advance(2).await, Err(LedgerError::Fenced)), "the lease has moved on");
}

#[tokio::test]
async fn reads_and_new_rows_go_where_the_steps_say() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let places = async || {
        // Another process, whose cache has nothing of before.
        let other = platform.database.control_plane().await;
        let record = other.find(&id("acme")).await.unwrap().unwrap();
        (record.placement.isolation, record.mirror.map(|mirror| mirror.isolation))
    };
    let (shared, schema) = (Isolation::Shared, Isolation::Schema);
    begun(&admin).await;
    assert_eq!(places().await, (shared, None));
    run_to(&admin, MoveStep::Cut).await;
    assert_eq!(places().await, (shared, Some(schema)));
    run_to(&admin, MoveStep::Flip).await;
    assert_eq!(places().await, (schema, Some(shared)));
    let cleaning = run_to(&admin, MoveStep::Clean).await;
    assert_eq!(places().await, (schema, None));
    assert_eq!(cleaning.step(MoveStep::Clean).unwrap().finished_at, None, "rows are still there");
    let erased_from = admin.placements(&id("acme")).await.unwrap();
    assert_eq!(erased_from.len(), 2, "each place once: {erased_from:?}");
}

#[tokio::test]
async fn a_place_that_a_move_has_emptied_is_none_of_the_tenant_until_it_comes_back() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let tiers = async || {
        let places = admin.placements(&id("acme")).await.unwrap();
        places.iter().map(|place| place.isolation).collect::<Vec<_>>()
    };
    let (shared, schema) = (Isolation::Shared, Isolation::Schema);
    begun(&admin).await;
    let cleaning = run_to(&admin, MoveStep::Clean).await;
    assert_eq!(tiers().await, [shared, schema], "it is not empty yet");
    admin.finish_move_step(&cleaning, MoveStep::Clean, &json!({})).await.unwrap();
    assert_eq!(tiers().await, [schema]);
    admin.end_move(&latest(&admin).await).await.unwrap();

    let cluster = "shared".parse().unwrap();
    let back = admin.begin_move(&id("acme"), shared, &cluster).await.unwrap();
    assert!(matches!(back, BegunMove::Begun(_)), "{back:?}");
    run_to(&admin, MoveStep::Cut).await;
    // A process that froze before it recorded the end of the first move.
    admin.finish_move_step(&cleaning, MoveStep::Clean, &json!({})).await.unwrap();
    let both = tiers().await;
    assert!(both.len() == 2 && both.contains(&shared), "new rows go there again: {both:?}");
    admin.back_out_move(&id("acme"), "x").await.unwrap();
    run_to(&admin, MoveStep::Remove).await;
    assert_eq!(tiers().await, [schema], "what was copied there is removed");
}

#[tokio::test]
async fn a_process_that_froze_before_a_step_sets_no_route_that_a_later_step_has_replaced() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    begun(&admin).await;
    let prepared = run_to(&admin, MoveStep::Prepare).await;
    run_to(&admin, MoveStep::Flip).await;
    let cut = prepared.course().route(MoveStep::Cut).unwrap();
    assert!(!admin.route_move(&prepared, MoveStep::Cut, cut, TOPIC).await.unwrap());
    assert!(!admin.begin_move_step(&prepared, MoveStep::Copy).await.unwrap());
    let record = platform.control_plane.find(&id("acme")).await.unwrap().unwrap();
    assert_eq!(record.placement.isolation, Isolation::Schema, "reads stay at the target");
    let frozen = run_to(&admin, MoveStep::VerifyAgain).await;
    let cleaned = run_to(&admin, MoveStep::Clean).await;
    admin.finish_move_step(&cleaned, MoveStep::Clean, &json!({})).await.unwrap();
    let clean = frozen.course().route(MoveStep::Clean).unwrap();
    assert!(!admin.route_move(&frozen, MoveStep::Clean, clean, TOPIC).await.unwrap());
}

#[tokio::test]
async fn a_move_is_taken_back_until_the_source_is_cleaned() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let acme = id("acme");
    assert_eq!(admin.back_out_move(&acme, "x").await.unwrap(), BackOut::NotUnderWay);
    let first = begun(&admin).await;
    run_to(&admin, MoveStep::Cut).await;
    assert_eq!(admin.back_out_move(&acme, "too slow").await.unwrap(), BackOut::Begun);
    assert!(!admin.begin_move_step(&first, MoveStep::Copy).await.unwrap(), "it goes back");
    let back = run_to(&admin, MoveStep::Remove).await;
    assert_eq!((back.course().state(), back.course().next()), (MoveState::BackedOut, None));
    admin.end_move(&back).await.unwrap();
    assert!(admin.moves_under_way().await.unwrap().is_empty());
    assert!(admin.begin_offboarding(&acme, "x", Duration::from_hours(1)).await.unwrap());
    assert!(admin.resume_tenant(&acme).await.unwrap());

    begun(&admin).await;
    let moving = admin.begin_offboarding(&acme, "x", Duration::ZERO).await;
    assert!(matches!(moving, Err(ControlPlaneError::Moving)), "{moving:?}");
    run_to(&admin, MoveStep::Clean).await;
    assert_eq!(admin.back_out_move(&acme, "x").await.unwrap(), BackOut::TooLate);
    let log = admin.audit_log(None, 100).await.unwrap();
    for action in ["tenant.move", "tenant.route", "tenant.move_back_out", "tenant.move_backed_out"]
    {
        assert!(log.iter().any(|row| row.action == action), "{action}");
    }
}

#[tokio::test]
async fn the_rows_of_a_tenant_are_known_by_span_and_destinations() {
    let platform = Platform::new().await;
    let ledger = ledger(&platform).await;
    let generation = ledger.generation(TOPIC, "topic-1", 1).await.unwrap();
    let mut lease = ledger.take(Group::Store, generation, FIRST, "a").await.unwrap();
    let uncounted = {
        let mut plan = plan(20, 29, 1, &["footfall_shared"]);
        plan.destinations[0].tenant_rows.clear();
        plan
    };
    let plans = [
        plan(0, 9, 1, &["footfall_shared"]),
        plan(10, 19, 1, &["footfall_shared", "tenant_acme"]),
        uncounted,
    ];
    for plan in &plans {
        ledger.plan(&lease, plan).await.unwrap();
        lease = ledger.mark(&lease, plan.last, Utc::now()).await.unwrap();
    }
    let hour = Utc::now() - chrono::TimeDelta::hours(1)..Utc::now() + chrono::TimeDelta::hours(1);
    let spans = ledger.done_spans(Group::Store, TOPIC, hour, 1_000).await.unwrap();
    let found = ledger.tenant_spans(Group::Store, &spans, [&id("acme"), &id("globex")]).await;
    let found: BTreeMap<_, _> = found
        .unwrap()
        .into_iter()
        .map(|span| (span.destinations.len(), (span.span, span.rows, span.counted)))
        .collect();
    assert_eq!(found, BTreeMap::from([(1, (0, 10, false)), (2, (0, 10, true))]));
}

#[tokio::test]
async fn a_place_that_is_taken_is_refused() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let refused = async |tenant: &str, isolation, cluster: &str| {
        let cluster = cluster.parse().unwrap();
        match admin.begin_move(&id(tenant), isolation, &cluster).await.unwrap() {
            BegunMove::Refused(refusal) => refusal,
            BegunMove::Begun(begun) => panic!("{begun:?}"),
        }
    };
    let shared = Isolation::Shared;
    assert_eq!(refused("nobody", shared, "shared").await, MoveRefusal::UnknownTenant);
    assert_eq!(refused("acme", shared, "shared").await, MoveRefusal::SamePlace);
    assert_eq!(refused("acme", shared, "nowhere").await, MoveRefusal::UnknownCluster);
    let occupied = refused("acme", Isolation::Dedicated, "shared").await;
    assert_eq!(occupied, MoveRefusal::Taken(Neighbour::Present(id("globex"))));
    begun(&admin).await;
    assert_eq!(refused("acme", Isolation::Schema, "shared").await, MoveRefusal::UnderWay);
}

#[tokio::test]
async fn a_cluster_of_its_own_gets_one_tenant_of_those_that_are_placed_there_at_once() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    admin.register_cluster(&sealer(), &cluster("own")).await.unwrap();
    let raw = platform.database.raw().await;
    let mut waiting = raw.begin().await.unwrap();
    sqlx::query("SELECT set_config('footfall.platform', 'on', true)")
        .execute(&mut *waiting)
        .await
        .unwrap();
    sqlx::query("SELECT FROM cluster WHERE name = 'own' FOR NO KEY UPDATE")
        .execute(&mut *waiting)
        .await
        .unwrap();
    let own = "own".parse().unwrap();
    let order = async |tenant| admin.begin_move(&id(tenant), Isolation::Dedicated, &own).await;
    let release = async {
        // Both wait for the cluster by then.
        tokio::time::sleep(Duration::from_millis(500)).await;
        waiting.commit().await.unwrap();
    };
    let (acme, globex, ()) = tokio::join!(order("acme"), order("globex"), release);
    let outcomes = [acme.unwrap(), globex.unwrap()];
    let begun = outcomes.iter().filter(|outcome| matches!(outcome, BegunMove::Begun(_))).count();
    assert_eq!(begun, 1, "{outcomes:?}");
}

#[tokio::test]
async fn no_tenant_is_created_on_the_cluster_to_which_one_is_moved_that_needs_it_alone() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let own = "own".parse().unwrap();
    admin.register_cluster(&sealer(), &cluster("own")).await.unwrap();
    let begun = admin.begin_move(&id("acme"), Isolation::Dedicated, &own).await.unwrap();
    assert!(matches!(begun, BegunMove::Begun(_)), "{begun:?}");
    let created = async |isolation, cluster: &ClusterName| match admin
        .create_tenant(&spec("initech"), isolation, cluster)
        .await
    {
        Err(ControlPlaneError::Taken(neighbour)) => neighbour,
        created => panic!("{created:?}"),
    };
    assert_eq!(created(Isolation::Shared, &own).await, Neighbour::Owner(id("acme")));
    let shared = "shared".parse().unwrap();
    let occupied = created(Isolation::Dedicated, &shared).await;
    assert!(matches!(occupied, Neighbour::Present(_)), "{occupied:?}");
    admin.create_tenant(&spec("initech"), Isolation::Shared, &shared).await.unwrap();
}
