//! No route shows or changes data of another tenant.

use std::fs;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Answer, Platform, Tenant, Tier, eventually};
use uuid::Uuid;

use crate::live::Stream;

/// A text that is only in the other tenant's data.
const CANARY: &str = "canary-of-the-other";

/// The name of a dimension that the other tenant has declared.
const DIMENSION: &str = "own_tier";

/// Its method, its path, and whether it belongs to the API (else to the collector).
type Route = (Method, String, bool);

/// Returns every route of both services, from the committed OpenAPI documents.
fn routes() -> Vec<Route> {
    let read = |name: &str| -> Value {
        let path = format!("{}/../../openapi/{name}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let mut routes = Vec::new();
    for (name, is_api) in [("api.json", true), ("collector.json", false)] {
        for (path, methods) in read(name)["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                let method = method.to_uppercase().parse().unwrap();
                routes.push((method, path.clone(), is_api));
            }
        }
    }
    routes
}

/// The other tenant's ids for the parameters of routes.
struct Target {
    tenant: String,
    key: String,
    user: String,
    session: String,
    /// A user who was invited and has not accepted.
    invited: String,
    reject: String,
    annotation: String,
    report: String,
    cohort: String,
    job: String,
    schedule: String,
}

impl Target {
    async fn of(platform: &Platform, other: &Tenant) -> Self {
        let users = platform.get(&other.owner, "/v1/users").await.expect(200).json();
        let user = users["data"][0]["id"].as_str().unwrap().to_owned();
        let sessions = platform.get(&other.owner, "/v1/me/sessions").await.expect(200).json();
        let session = sessions["data"][0]["id"].as_str().unwrap().to_owned();
        let order = json!({"email": format!("invited@{}.example", other.id), "role": "analyst"});
        let invited = platform.post(&other.owner, "/v1/users", &order).await.expect(201).json();
        let invited = invited["id"].as_str().unwrap().to_owned();
        let key = other.collect_key.split('_').nth(2).unwrap().to_owned();
        let reject = eventually("the other's reject is listed", async || {
            let rejects = platform.get(&other.owner, "/v1/rejects").await.expect(200).json();
            rejects["data"][0]["id"].as_str().map(str::to_owned)
        });
        let mark = json!({"at": "2026-03-01", "text": CANARY, "scope": "tenant"});
        let annotation = created(platform, other, "/v1/annotations", &mark).await;
        let report = json!({
            "name": CANARY, "visibility": "shared", "kind": "query",
            "request": {"metrics": ["events"]},
        });
        let report = created(platform, other, "/v1/saved-reports", &report).await;
        let cohort = created(platform, other, "/v1/cohorts", &cohort(CANARY)).await;
        let order = json!({"kind": "events", "request": {"time": everything()}});
        let queued = platform.post(&other.owner, "/v1/reports", &order).await.expect(202).json();
        let job = finished(platform, other, queued["id"].as_str().unwrap()).await;
        let order = json!({
            "name": CANARY, "kind": "query", "request": {"metrics": ["events"]}, "every": "day",
            "at": "12:00",
        });
        let schedule = created(platform, other, "/v1/schedules", &order).await;
        let order = json!({"pointer": format!("/properties/{CANARY}")});
        dimension(platform, other, Method::PUT, &order).await.expect(200);
        let tenant = other.id.clone();
        let reject = reject.await;
        Self {
            tenant,
            key,
            user,
            session,
            invited,
            reject,
            annotation,
            report,
            cohort,
            job,
            schedule,
        }
    }

    /// Replaces every id parameter of a route by the other tenant's id.
    fn aim(&self, path: &str) -> String {
        let id = |before: &str| match before {
            "tenants" => self.tenant.as_str(),
            "api-keys" => self.key.as_str(),
            "users" if path.ends_with("/invitation") => self.invited.as_str(),
            "users" => self.user.as_str(),
            "sessions" => self.session.as_str(),
            "annotations" => self.annotation.as_str(),
            "saved-reports" => self.report.as_str(),
            "cohorts" => self.cohort.as_str(),
            "reports" => self.job.as_str(),
            "schedules" => self.schedule.as_str(),
            // Both tenants have an advertiser with this id, and the other a dimension of this name.
            "advertisers" => "brand",
            "dimensions" => DIMENSION,
            _ => CANARY,
        };
        let mut aimed: Vec<&str> = Vec::new();
        for part in path.split('/') {
            let before = aimed.last().copied().unwrap_or_default();
            aimed.push(if part.starts_with('{') { id(before) } else { part });
        }
        aimed.join("/")
    }
}

/// Returns a cohort of everybody who has seen an ad.
fn cohort(name: &str) -> Value {
    json!({"name": name, "definition": {"events": ["ad_impression"], "time": {"last_days": 365}}})
}

/// Creates something as a tenant's owner. Returns its id.
async fn created(platform: &Platform, tenant: &Tenant, path: &str, order: &Value) -> String {
    let created = platform.post(&tenant.owner, path, order).await.expect(201).json();
    created["id"].as_str().unwrap().to_owned()
}

/// Declares or deletes the dimension as a tenant's owner.
async fn dimension(platform: &Platform, tenant: &Tenant, method: Method, order: &Value) -> Answer {
    let path = platform.api(&format!("/v1/dimensions/{DIMENSION}"));
    let request = platform.client().request(method, path).bearer_auth(&tenant.owner).json(order);
    Answer::read(request.send().await.unwrap()).await
}

/// Waits until a report job is done, so that it has a file. Returns its id.
async fn finished(platform: &Platform, tenant: &Tenant, id: &str) -> String {
    eventually("the other's job is done", async || {
        let job = platform.get(&tenant.owner, &format!("/v1/reports/{id}")).await;
        let job = job.expect(200).json();
        (job["state"] == "done").then(|| id.to_owned())
    })
    .await
}

/// Returns a valid body, so that a route refuses the request only because of the other tenant's id.
fn body(method: &Method, path: &str, target: &Target) -> Option<Value> {
    let body = match (method.as_str(), path) {
        ("DELETE", "/v1/admin/tenants/{id}") => json!({"reason": "Taken", "grace_days": 0}),
        ("GET" | "DELETE", _) => return None,
        ("PUT", "/v1/advertisers/{id}") => json!({"name": "Taken"}),
        ("PUT", "/v1/dimensions/{name}") => json!({"pointer": "/properties/own"}),
        ("PATCH", "/v1/campaigns/{id}") => json!({"name": "Taken", "advertiser_id": null}),
        ("POST", "/v1/live/tickets") => json!({"campaign_id": CANARY}),
        ("POST", "/v1/annotations") => {
            json!({"at": "2026-03-01", "text": "Own", "scope": "tenant", "campaign_id": CANARY})
        }
        ("PATCH", "/v1/annotations/{id}") => json!({"text": "Taken"}),
        ("POST", "/v1/saved-reports") | ("PUT", "/v1/saved-reports/{id}") => json!({
            "name": Uuid::now_v7(), "visibility": "shared", "kind": "query",
            "request": {"metrics": ["events"]},
        }),
        ("POST", "/v1/cohorts") | ("PUT", "/v1/cohorts/{id}") => {
            cohort(&Uuid::now_v7().to_string())
        }
        ("POST", "/v1/schedules") | ("PUT", "/v1/schedules/{id}") => json!({
            "name": "Own", "kind": "query", "request": {"metrics": ["events"]}, "every": "day",
            "at": "12:00",
        }),
        ("POST", "/v1/reports") => {
            json!({"kind": "query", "request": {"metrics": ["events"], "dimensions": ["campaign"]}})
        }
        ("POST", path) if path.ends_with("/invitation") || path.ends_with("/password-reset") => {
            return None;
        }
        ("PUT", "/v1/security") => json!({"owners_need_second_factor": false}),
        ("PATCH", "/v1/api-keys/{id}") => json!({"name": "Taken"}),
        ("POST", "/v1/api-keys/{id}/rotation") => json!({}),
        ("PATCH", "/v1/users/{id}") => json!({"role": "owner", "disabled": false}),
        ("PUT", "/v1/me/password" | "/v1/admin/me/password") => {
            json!({"current_password": "a wrong one", "password": "at least twelve characters"})
        }
        ("POST", "/v1/users" | "/v1/admin/tenants/{id}/users") => {
            json!({"email": format!("{}@new.example", Uuid::now_v7()), "role": "analyst"})
        }
        ("POST", "/v1/api-keys") => json!({"name": Uuid::now_v7(), "kind": "read"}),
        ("POST", "/v1/admin/tenants/{id}/api-keys") => {
            json!({"name": Uuid::now_v7(), "kind": "collect"})
        }
        ("POST", "/v1/rejects/resubmit" | "/v1/rejects/replay") => json!({"events": [
            {"id": target.reject, "body": {"type": "ad_impression", "campaign_id": CANARY}}]}),
        ("POST", "/v1/admin/tenants/{id}/suspend") => json!({"reason": "Taken"}),
        ("POST", "/v1/admin/tenants/{id}/resume") => return None,
        ("POST", "/v1/admin/tenants/{id}/move") => {
            json!({"isolation": "schema", "cluster": "shared"})
        }
        ("POST", "/v1/admin/tenants/{id}/move/back-out") => json!({"reason": "Taken"}),
        ("PATCH", "/v1/admin/tenants/{id}") => json!({"retention_days": 1}),
        ("PUT", "/v1/admin/clusters/{name}") => json!({
            "url": "http://127.0.0.1:1", "writer_user": "w", "writer_password": "w",
            "reader_user": "r", "reader_password": "r",
        }),
        ("POST", "/v1/admin/clusters/{name}/drain" | "/v1/admin/clusters/{name}/resume") => {
            return None;
        }
        ("POST", "/v1/events") => json!([{"type": "page_view"}]),
        ("POST", "/v1/admin/tenants") => json!({
            "id": "t-new", "name": "New", "isolation": "shared", "cluster": "shared",
            "time_zone": "Europe/Berlin", "currency": "EUR",
        }),
        // Questions about everything name no tenant: their answers must not name the other one's data.
        ("POST", "/v1/query") => json!({
            "metrics": ["events", "visitors", "sales"], "time": everything(),
            "dimensions": ["campaign", "ad", "currency"], "compare": {"to": "previous_year"},
            "top": {"n": 100, "by": "events", "others": true},
        }),
        ("POST", "/v1/windows") => json!({
            "metrics": ["events", "sales"], "time": everything(), "window": {"type": "session"},
        }),
        ("POST", "/v1/funnels") => json!({
            "steps": [{"event": "ad_impression"}, {"event": "purchase"}], "time": everything(),
            "hold": "campaign",
        }),
        ("POST", "/v1/retention") => json!({
            "cohort": {"event": "ad_impression"}, "period": "month", "time": everything(),
        }),
        ("POST", "/v1/attribution") => {
            json!({"time": everything(), "rules": [{"match": "any"}, {"preset": "criteo_display"}]})
        }
        ("POST", "/v1/exports/events") => json!({"time": everything()}),
        // These routes take credentials, but no ids.
        ("POST", path) if path.starts_with("/v1/auth/") => json!({}),
        _ => panic!("{method} {path} needs a body here"),
    };
    Some(body)
}

/// Returns a range that contains all events.
fn everything() -> Value {
    json!({"from": "2026-01-01T00:00:00Z", "to": "2028-01-01T00:00:00Z"})
}

/// Returns the status for an owner who sends another tenant's ids.
fn expected_status(method: &Method, path: &str) -> Option<u16> {
    match (method.as_str(), path) {
        (_, path) if path.starts_with("/v1/admin/") => Some(403),
        ("PUT", "/v1/advertisers/{id}" | "/v1/dimensions/{name}") => Some(200),
        ("GET", "/v1/usage" | "/v1/audit" | "/v1/security" | "/v1/me/sessions") => Some(200),
        ("POST", "/v1/users" | "/v1/api-keys" | "/v1/saved-reports") => Some(201),
        ("POST", "/v1/cohorts" | "/v1/schedules") => Some(201),
        // The campaign is the other tenant's.
        ("POST", "/v1/annotations") => Some(422),
        ("POST", "/v1/live/tickets") => Some(404),
        ("POST", "/v1/query" | "/v1/funnels" | "/v1/retention" | "/v1/attribution") => Some(200),
        ("POST", "/v1/windows") => Some(200),
        // A range of years is a job.
        ("POST", "/v1/exports/events" | "/v1/reports") => Some(202),
        // The outcome of each is that the reject does not exist.
        ("POST", "/v1/rejects/resubmit" | "/v1/rejects/replay") => Some(202),
        // The owner may have declared one of this name.
        ("DELETE", "/v1/dimensions/{name}") => None,
        (_, path) if path.contains('{') => Some(404),
        _ => None,
    }
}

async fn ask(
    platform: &Platform,
    token: Option<&str>,
    (method, path, is_api): &Route,
    target: &Target,
) -> Answer {
    let mut aimed = target.aim(path);
    if path == "/v1/campaigns/{id}/metrics" {
        aimed.push_str("?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z");
    }
    let url = if *is_api { platform.api(&aimed) } else { platform.collector(&aimed) };
    let mut request = platform
        .client()
        .request(method.clone(), url)
        // A tenant id in a header is ignored.
        .header("X-Client-Id", &target.tenant)
        .header("X-Tenant-Id", &target.tenant)
        .timeout(std::time::Duration::from_secs(5));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body(method, path, target) {
        request = request.json(&body);
    }
    Answer::read(request.send().await.unwrap()).await
}

/// Lists everything of a tenant that a route could change.
async fn belongings(platform: &Platform, tenant: &Tenant) -> Vec<String> {
    let mut lists = Vec::new();
    for list in [
        "campaigns",
        "advertisers",
        "api-keys",
        "users",
        "rejects",
        "annotations",
        "saved-reports",
        "cohorts",
        "reports",
        "schedules",
        "dimensions",
        "me/sessions",
        "security",
    ] {
        let answer = platform.get(&tenant.owner, &format!("/v1/{list}")).await;
        let mut listed = answer.expect(200).json();
        // The tenant's own use of a key is written up to a minute later.
        for item in listed["data"].as_array_mut().into_iter().flatten() {
            item.as_object_mut().unwrap().remove("last_used_at");
        }
        lists.push(listed.to_string());
    }
    lists
}

async fn seed(platform: &Platform, tenant: &Tenant) {
    let events = json!([
        {"type": "ad_impression", "campaign_id": CANARY, "visitor_id": CANARY, "ad_id": CANARY},
        {"type": "purchase", "campaign_id": CANARY, "order_id": CANARY, "revenue": 77,
         "items": [{"product_id": CANARY, "brand": CANARY}]},
        {"type": "ad_impression", "campaign_id": "spring"},
        {"type": "ad_impression", "visitor_id": CANARY},
    ]);
    platform.collect(&tenant.collect_key, &events).await.expect(202);
    platform.wait_for_count(tenant, CANARY, "orders", 1).await;
    platform.wait_for_count(tenant, "spring", "impressions", 1).await;
}

#[tokio::test]
async fn no_route_shows_or_changes_a_byte_of_another_tenant() {
    let platform = Platform::start().await;
    let mine = platform.onboard(Tier::Shared).await;
    for tier in Tier::ALL {
        let other = platform.onboard(tier).await;
        seed(&platform, &other).await;
        let target = Target::of(&platform, &other).await;
        let before = belongings(&platform, &other).await;
        let credentials =
            [&mine.owner, &mine.advertiser, &mine.collect_key, &mine.import_key, &mine.read_key];
        for route in routes() {
            let (method, path, _) = &route;
            if path.ends_with("/live") {
                // Streams do not end; another test checks them.
                continue;
            }
            for token in credentials {
                let answer = ask(&platform, Some(token), &route, &target).await;
                // A problem may quote the request; data must not contain the other tenant's text.
                let leaked = answer.status.is_success()
                    && (answer.text.contains(CANARY) || answer.text.contains(&other.id));
                assert!(!leaked, "{tier:?} {method} {path}: {}", answer.text);
                let expected_status =
                    expected_status(method, path).filter(|_| *token == mine.owner);
                let status = answer.status.as_u16();
                assert!(
                    expected_status.is_none_or(|expected_status| expected_status == status),
                    "{tier:?} {method} {path} answered {status}: {}",
                    answer.text
                );
            }
        }
        assert_eq!(belongings(&platform, &other).await, before);
        platform.collect(&other.collect_key, &json!([{"type": "page_view"}])).await.expect(202);
        // The numbers of a campaign id that both tenants use are separate.
        let path = "/v1/campaigns/spring/metrics?granularity=total&metrics=impressions\
            &from=2026-01-01T00:00:00Z&to=2028-01-01T00:00:00Z";
        let own = platform.get(&mine.owner, path).await.expect(200).json();
        assert_eq!(own["totals"]["impressions"], 0);
        let theirs = platform.get(&other.owner, path).await.expect(200).json();
        assert_eq!(theirs["totals"]["impressions"], 1);
        // What no name tells: the numbers of the whole tenant.
        let query = json!({
            "metrics": ["events", "visitors", "sales"], "time": everything(),
            "filters": {"dimension": "campaign", "in": [CANARY]},
        });
        let own = platform.post(&mine.owner, "/v1/query", &query).await.expect(200).json();
        let nothing = json!({"events": 0, "visitors": 0, "sales": "0.00"});
        assert_eq!(own["totals"]["values"], nothing);
        let theirs = platform.post(&other.owner, "/v1/query", &query).await.expect(200).json();
        // A name that the other tenant has declared is no dimension here.
        dimension(&platform, &mine, Method::DELETE, &Value::Null).await;
        let by_theirs = json!({"metrics": ["events"], "dimensions": [DIMENSION]});
        platform.post(&mine.owner, "/v1/query", &by_theirs).await.expect(422);
        let seeded = json!({"events": 2, "visitors": 1, "sales": "77.00"});
        assert_eq!(theirs["totals"]["values"], seeded);
        // The other's cohort is as unknown as one that never was, as a filter, too.
        let query = json!({"metrics": ["events"], "filters": {"cohort": target.cohort}});
        platform.post(&mine.owner, "/v1/query", &query).await.expect(422);
        // An own cohort has no visitor of the other.
        let order = cohort(&Uuid::now_v7().to_string());
        let own = created(&platform, &mine, "/v1/cohorts", &order).await;
        for (tenant, id, visitors) in [(&mine, &own, 0), (&other, &target.cohort, 1)] {
            let shown = platform.get(&tenant.owner, &format!("/v1/cohorts/{id}")).await;
            assert_eq!(shown.expect(200).json()["members"]["size"], visitors, "{tier:?}");
            let query = json!({
                "metrics": ["visitors"], "time": everything(), "filters": {"cohort": id},
            });
            let members = platform.post(&tenant.owner, "/v1/query", &query).await;
            let members = members.expect(200).json();
            assert_eq!(members["totals"]["values"]["visitors"], visitors, "{tier:?}");
        }
    }
}

#[tokio::test]
async fn a_stream_of_all_campaigns_has_none_of_another_tenant() {
    let platform = Platform::start().await;
    let mine = platform.onboard(Tier::Shared).await;
    for tier in Tier::ALL {
        let other = platform.onboard(tier).await;
        seed(&platform, &other).await;
        for credential in [&mine.owner, &mine.advertiser, &mine.read_key] {
            let mut stream = Stream::at(&platform, "/v1/live", credential, None).await;
            let snapshot = stream.next().await;
            assert_eq!(snapshot.event, "snapshot");
            assert!(!snapshot.data.to_string().contains(CANARY), "{tier:?} {}", snapshot.data);
            // The other tenant's events are no frame of this stream, also of a campaign id that both use.
            let events = json!([
                {"type": "ad_impression", "campaign_id": CANARY},
                {"type": "ad_impression", "campaign_id": "spring"},
            ]);
            platform.collect(&other.collect_key, &events).await.expect(202);
            platform.collect(&mine.collect_key, &json!([events[1]])).await.expect(202);
            let update = stream.next().await;
            assert!(!update.data.to_string().contains(CANARY), "{tier:?} {}", update.data);
        }
    }
}

#[tokio::test]
async fn the_answers_for_a_foreign_and_a_missing_campaign_are_equal() {
    let platform = Platform::start().await;
    let (mine, other) =
        (platform.onboard(Tier::Shared).await, platform.onboard(Tier::Shared).await);
    seed(&platform, &other).await;
    for path in ["", "/metrics?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", "/live"] {
        let foreign =
            platform.get(&mine.owner, &format!("/v1/campaigns/{CANARY}{path}")).await.expect(404);
        let missing =
            platform.get(&mine.owner, &format!("/v1/campaigns/never-was{path}")).await.expect(404);
        let shape = |answer: &Answer| {
            let mut body = answer.json();
            body.as_object_mut().unwrap().remove("request_id");
            body
        };
        assert_eq!(shape(&foreign), shape(&missing));
    }
    let shape = async |campaign: &str| {
        let path = format!("/v1/live?campaigns={campaign}");
        let mut body = platform.get(&mine.owner, &path).await.expect(404).json();
        body.as_object_mut().unwrap().remove("request_id");
        body
    };
    assert_eq!(shape(CANARY).await, shape("never-was").await);
}

#[tokio::test]
async fn the_answers_for_a_foreign_and_a_missing_job_or_schedule_are_equal() {
    let platform = Platform::start().await;
    let (mine, other) =
        (platform.onboard(Tier::Shared).await, platform.onboard(Tier::Shared).await);
    seed(&platform, &other).await;
    let target = Target::of(&platform, &other).await;
    let schedule = json!({
        "name": "Own", "kind": "query", "request": {"metrics": ["events"]}, "every": "day",
        "at": "12:00",
    });
    let send = async |credential: &str, method: &Method, path: String| {
        let mut request = platform.client().request(method.clone(), platform.api(&path));
        if method == Method::PUT {
            request = request.json(&schedule);
        }
        let response = request.bearer_auth(credential).send().await.unwrap();
        let mut problem = Answer::read(response).await.json();
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    let absent = Uuid::now_v7().to_string();
    let before = belongings(&platform, &other).await;
    for (method, path, foreign) in [
        (Method::GET, "/v1/reports/{id}", &target.job),
        (Method::GET, "/v1/reports/{id}/download", &target.job),
        (Method::DELETE, "/v1/reports/{id}", &target.job),
        (Method::GET, "/v1/schedules/{id}", &target.schedule),
        (Method::PUT, "/v1/schedules/{id}", &target.schedule),
        (Method::DELETE, "/v1/schedules/{id}", &target.schedule),
    ] {
        for credential in [&mine.owner, &mine.advertiser, &mine.read_key] {
            let problem = |id: &str| send(credential, &method, path.replace("{id}", id));
            let theirs = problem(foreign).await;
            assert_eq!(theirs, problem(&absent).await, "{method} {path}");
            // Keys have no schedules.
            let is_refused = credential == &mine.read_key && path.contains("schedules");
            assert_eq!(theirs["status"], if is_refused { 403 } else { 404 }, "{method} {path}");
            assert_eq!(problem("not-an-id").await["status"], 404, "{method} {path}");
        }
    }
    // A foreign id in a cursor leads to own ones only.
    for (list, id) in [("reports", &target.job), ("schedules", &target.schedule)] {
        let cursor = URL_SAFE_NO_PAD.encode(id);
        let listed = platform.get(&mine.owner, &format!("/v1/{list}?cursor={cursor}")).await;
        assert_eq!(listed.expect(200).json()["data"], json!([]), "{list}");
    }
    assert_eq!(belongings(&platform, &other).await, before);
}

#[tokio::test]
async fn the_tenant_of_an_event_is_always_the_tenant_of_the_key() {
    let platform = Platform::start().await;
    let (mine, other) =
        (platform.onboard(Tier::Shared).await, platform.onboard(Tier::Schema).await);
    let event = json!([{"type": "ad_impression", "campaign_id": "spring", "client_id": other.id}]);
    platform.collect(&mine.collect_key, &event).await.expect(202);
    platform.wait_for_count(&mine, "spring", "impressions", 1).await;
    platform.wait_for_count(&other, "spring", "impressions", 0).await;
}

#[tokio::test]
async fn every_guarded_route_refuses_a_request_without_a_credential() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    seed(&platform, &tenant).await;
    let target = Target::of(&platform, &tenant).await;
    for route in routes() {
        let (_, path, _) = &route;
        let open = path.starts_with("/v1/auth/") || !path.starts_with("/v1/");
        let answer = ask(&platform, None, &route, &target).await;
        assert!(open || answer.status == 401, "{route:?} answered {}", answer.status);
    }
}
