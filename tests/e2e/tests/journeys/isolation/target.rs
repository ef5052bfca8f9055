//! What a request is aimed at.

use reqwest::Method;
use serde_json::json;
use testkit::{Platform, Tenant, eventually};

use super::{CANARY, DIMENSION, cohort, created, dimension, everything};

/// The other tenant's ids for the parameters of routes.
pub(super) struct Target {
    pub(super) tenant: String,
    key: String,
    user: String,
    session: String,
    /// A user who was invited and has not accepted.
    invited: String,
    pub(super) reject: String,
    annotation: String,
    report: String,
    pub(super) cohort: String,
    pub(super) job: String,
    pub(super) schedule: String,
    erasure: String,
}

impl Target {
    /// `erasure` is one of a third tenant: it would change what the other one has.
    pub(super) async fn of(platform: &Platform, other: &Tenant, erasure: &str) -> Self {
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
            erasure: erasure.to_owned(),
        }
    }

    /// Replaces every id parameter of a route by the other tenant's id.
    pub(super) fn aim(&self, path: &str) -> String {
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
            "erasures" => self.erasure.as_str(),
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

/// Waits until a report job is done, so that it has a file. Returns its id.
async fn finished(platform: &Platform, tenant: &Tenant, id: &str) -> String {
    eventually("the other's job is done", async || {
        let job = platform.get(&tenant.owner, &format!("/v1/reports/{id}")).await;
        let job = job.expect(200).json();
        (job["state"] == "done").then(|| id.to_owned())
    })
    .await
}
