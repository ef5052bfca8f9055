//! A tenant is moved between all tiers while its events flow, and every answer is right all the time.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use testkit::{Platform, Tenant, Tier, eventually};
use tokio::time::{Instant, sleep};

use crate::{agreement::Stores, oracle::Oracle, tables::Tables};

/// How long a move may take: it waits for its grace, and for the reconciliation.
const MOVED_WITHIN: Duration = Duration::from_secs(180);

/// Prepares a platform whose moves wait five seconds for those who may use an older route.
async fn platform() -> Platform {
    let mut platform = Platform::prepare().await;
    platform.set("FOOTFALL__PROCESSOR__MOVE_GRACE_SECONDS", "5");
    platform.restart().await;
    platform.wait_until_up_to_date().await;
    platform
}

fn path(tenant: &Tenant, rest: &str) -> String {
    format!("/v1/admin/tenants/{}/move{rest}", tenant.id)
}

async fn begin(platform: &Platform, admin: &str, tenant: &Tenant, tier: &str, cluster: &str) {
    let order = json!({"isolation": tier, "cluster": cluster});
    platform.post(admin, &path(tenant, ""), &order).await.expect(202);
}

/// Waits until the last move is as `wanted`, and returns it.
async fn until(
    platform: &Platform,
    admin: &str,
    tenant: &Tenant,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let began = Instant::now();
    loop {
        let shown = platform.get(admin, &path(tenant, "")).await.expect(200).json();
        if wanted(&shown) {
            return shown;
        }
        assert!(began.elapsed() < MOVED_WITHIN, "the move does not get on: {shown}");
        sleep(Duration::from_millis(200)).await;
    }
}

fn has_finished(shown: &Value, step: &str) -> bool {
    let steps = shown["steps"].as_array().unwrap();
    steps.iter().any(|shown| shown["step"] == step && shown["finished_at"].is_string())
}

/// Sends impressions of now and of five days ago, which only ClickHouse has, and events that are refused, until told to
/// stop.
async fn send(platform: &Platform, oracle: &Oracle, stop: &AtomicBool, refused: &AtomicU64) {
    while !stop.load(Ordering::Relaxed) {
        oracle.send(platform, 5, Utc::now() - TimeDelta::minutes(1)).await;
        oracle.send(platform, 3, Utc::now() - TimeDelta::days(5)).await;
        let wrong = json!([{"type": 17}]);
        platform.collect(&oracle.tenant.collect_key, &wrong).await;
        refused.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(100)).await;
    }
}

/// Asks for numbers of Redis and of ClickHouse until told to stop. Each has to be right as of its `as_of`, and what
/// ClickHouse has counted once it never counts less. Returns how often it asked.
async fn check(platform: &Platform, oracle: &Oracle, stop: &AtomicBool) -> u64 {
    let mut asked = 0;
    let mut highest = 0;
    while !stop.load(Ordering::Relaxed) {
        oracle.ask(platform, 24 * 10).await;
        let body = json!({
            "metrics": ["impressions", "orders", "visitors", "units_sold"],
            "time": {"from": (Utc::now() - TimeDelta::days(10)).date_naive(),
                "to": (Utc::now() + TimeDelta::days(1)).date_naive()},
            "dimensions": ["campaign"],
        });
        let answer = platform.post(&oracle.tenant.owner, "/v1/query", &body).await.expect(200);
        let answer = answer.json();
        let totals = &answer["totals"]["values"];
        let orders = totals["orders"].as_u64().unwrap_or_default();
        let units = totals["units_sold"].as_f64().unwrap_or_default();
        assert!(orders >= highest, "{orders} orders after {highest}: {answer}");
        assert!((units - 2.0 * orders as f64).abs() < 0.001, "two units an order: {answer}");
        assert!(totals["visitors"].as_u64().unwrap_or_default() <= 1, "{answer}");
        highest = orders;
        asked += 1;
        // Answers from the cache come faster than the tenant's limit of requests allows.
        sleep(Duration::from_millis(10)).await;
    }
    asked
}

/// Waits until the owner sees as many rejects as were sent.
async fn rejects_are(platform: &Platform, tenant: &Tenant, expected: u64) {
    let mut last = Value::Null;
    eventually(&format!("{expected} rejects are listed"), async || {
        last = platform.get(&tenant.owner, "/v1/usage").await.expect(200).json();
        (last["totals"]["rejects"] == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn every_answer_is_right_while_a_tenant_goes_through_all_tiers() {
    let platform = platform().await;
    let admin = platform.admin().await;
    let oracle = Oracle::new(platform.onboard_by(&admin, Tier::Shared, json!({})).await);
    let neighbour = platform.onboard_by(&admin, Tier::Shared, json!({})).await;
    let impressions = json!(vec![json!({"type": "ad_impression", "campaign_id": "spring"}); 11]);
    platform.collect(&neighbour.collect_key, &impressions).await.expect(202);
    let stop = AtomicBool::new(false);
    let refused = AtomicU64::new(0);
    let moves = async {
        sleep(Duration::from_secs(3)).await;
        for (tier, cluster) in
            [("schema", "shared"), ("dedicated", "dedicated"), ("shared", "shared")]
        {
            begin(&platform, &admin, &oracle.tenant, tier, cluster).await;
            let moved = |shown: &Value| shown["state"] == "moved";
            let shown = until(&platform, &admin, &oracle.tenant, moved).await;
            assert!(has_finished(&shown, "clean"), "{shown}");
            let found = format!("/v1/admin/tenants/{}", oracle.tenant.id);
            let found = platform.get(&admin, &found).await.expect(200).json();
            assert_eq!((&found["isolation"], &found["cluster"]), (&json!(tier), &json!(cluster)));
        }
        stop.store(true, Ordering::Relaxed);
    };
    let sent = send(&platform, &oracle, &stop, &refused);
    let (_, (), asked) = tokio::join!(moves, sent, check(&platform, &oracle, &stop));
    assert!(asked > 20, "the checker asked {asked} times only");

    platform.wait_for_count(&oracle.tenant, "spring", "impressions", oracle.sent()).await;
    rejects_are(&platform, &oracle.tenant, refused.load(Ordering::Relaxed)).await;
    let stores = Stores::of(&platform).await;
    stores.agree(&oracle.tenant, "spring").await;
    platform.wait_for_count(&neighbour, "spring", "impressions", 11).await;
    // It compares every row, also those of plans that sent them elsewhere, and fails if one differs.
    platform.run(&["reconcile", "--full"]);
}

#[tokio::test]
async fn a_move_that_is_taken_back_after_the_flip_leaves_everything_as_it_was() {
    let platform = platform().await;
    let admin = platform.admin().await;
    let oracle = Oracle::new(platform.onboard_by(&admin, Tier::Schema, json!({})).await);
    let stop = AtomicBool::new(false);
    let refused = AtomicU64::new(0);
    let moves = async {
        sleep(Duration::from_secs(2)).await;
        begin(&platform, &admin, &oracle.tenant, "shared", "shared").await;
        until(&platform, &admin, &oracle.tenant, |shown| has_finished(shown, "flip")).await;
        let order = json!({"reason": "A test"});
        platform.post(&admin, &path(&oracle.tenant, "/back-out"), &order).await.expect(202);
        let backed_out = |shown: &Value| shown["state"] == "backed_out";
        let shown = until(&platform, &admin, &oracle.tenant, backed_out).await;
        assert_eq!(shown["back_reason"], "A test");
        stop.store(true, Ordering::Relaxed);
    };
    let sent = send(&platform, &oracle, &stop, &refused);
    tokio::join!(moves, sent, check(&platform, &oracle, &stop));
    let found = platform.get(&admin, &format!("/v1/admin/tenants/{}", oracle.tenant.id)).await;
    assert_eq!(found.expect(200).json()["isolation"], "schema");
    platform.wait_for_count(&oracle.tenant, "spring", "impressions", oracle.sent()).await;
    rejects_are(&platform, &oracle.tenant, refused.load(Ordering::Relaxed)).await;
    platform.run(&["reconcile", "--full"]);
    // From a shell, with a progress bar: the line that remains says where the rows are.
    let moved = platform.run(&["tenant", "move", &oracle.tenant.id, "--to", "shared", "--watch"]);
    assert!(moved.contains("is moved from schema on shared to shared on shared"), "{moved}");
    platform.wait_for_count(&oracle.tenant, "spring", "impressions", oracle.sent()).await;
}

#[tokio::test]
async fn a_move_whose_sides_differ_after_the_flip_is_taken_back_by_itself() {
    let platform = platform().await;
    let admin = platform.admin().await;
    let tenant = platform.onboard_by(&admin, Tier::Schema, json!({})).await;
    let impressions = json!(vec![json!({"type": "ad_impression", "campaign_id": "spring"}); 11]);
    platform.collect(&tenant.collect_key, &impressions).await.expect(202);
    platform.wait_for_count(&tenant, "spring", "impressions", 11).await;
    begin(&platform, &admin, &tenant, "shared", "shared").await;
    until(&platform, &admin, &tenant, |shown| has_finished(shown, "flip")).await;
    // The source: nobody reads it, and nobody repairs it.
    Tables::of(&tenant).run("TRUNCATE TABLE events").await;
    // Each of three passes finds it, a minute apart.
    let backing_out = |shown: &Value| shown["back_reason"].is_string();
    let shown = until(&platform, &admin, &tenant, backing_out).await;
    let reason = shown["back_reason"].as_str().unwrap();
    assert!(reason.ends_with("parts of the rows differ after the flip"), "{shown}");
    let backed_out = |shown: &Value| shown["state"] == "backed_out";
    until(&platform, &admin, &tenant, backed_out).await;
    let found = platform.get(&admin, &format!("/v1/admin/tenants/{}", tenant.id)).await;
    assert_eq!(found.expect(200).json()["isolation"], "schema");
}

#[tokio::test]
async fn an_erasure_of_a_person_takes_no_move_back() {
    let platform = platform().await;
    let admin = platform.admin().await;
    let tenant = platform.onboard_by(&admin, Tier::Schema, json!({})).await;
    let visit = |visitor: &str| json!({"type": "ad_impression", "campaign_id": "spring", "visitor_id": visitor});
    let visits = json!([visit("ann"), visit("bob"), visit("ann")]);
    platform.collect(&tenant.collect_key, &visits).await.expect(202);
    platform.wait_for_count(&tenant, "spring", "impressions", 3).await;
    begin(&platform, &admin, &tenant, "shared", "shared").await;
    let persons = json!({"visitors": ["ann"]});
    platform.post(&tenant.owner, "/v1/privacy/erase", &persons).await.expect(202);
    let has_ended = |shown: &Value| shown["state"] == "moved" || shown["back_reason"].is_string();
    let shown = until(&platform, &admin, &tenant, has_ended).await;
    assert_eq!(shown["state"], "moved", "{shown}");
    platform.wait_for_count(&tenant, "spring", "impressions", 1).await;
}
