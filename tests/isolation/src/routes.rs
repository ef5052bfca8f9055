//! The routes of both services, from the committed OpenAPI documents, and a valid request to each. A route without a
//! rule for its ids or its body ends the run: a new one cannot hide.

use std::{fs, path::Path};

use chrono::{Datelike, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Failure, stand::Ids};

/// A name of a dimension and of an advertiser that every tenant has: only words that a request may contain.
pub(crate) const DIMENSION: &str = "own_tier";
/// The advertiser whose user is among the credentials.
pub(crate) const BRAND: &str = "brand";

/// An operation of a service.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// The path, with the parameters in braces.
    pub(crate) path: String,
    /// Whether it is the api's; else it is the collector's.
    pub(crate) is_api: bool,
    /// Whether it needs a credential.
    pub(crate) is_guarded: bool,
    /// Whether it reads a body.
    has_body: bool,
}

/// Returns every route of both services.
///
/// # Errors
/// A document cannot be read, or a route has no rule for its ids or its body.
pub(crate) fn routes() -> Result<Vec<Route>, Failure> {
    let mut routes = Vec::new();
    for (name, is_api) in [("api.json", true), ("collector.json", false)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi").join(name);
        let document: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
        let paths = document.get("paths").and_then(Value::as_object).ok_or("no paths")?;
        for (path, operations) in paths {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                let security = operation.get("security").or_else(|| document.get("security"));
                routes.push(Route {
                    method: Method::from_bytes(method.to_uppercase().as_bytes())?,
                    path: path.clone(),
                    is_api,
                    is_guarded: is_guarded(security),
                    has_body: operation.get("requestBody").is_some(),
                });
            }
        }
    }
    let absent = Ids::absent();
    for route in &routes {
        route.aimed(&absent)?;
        route.body(&absent)?;
    }
    Ok(routes)
}

fn is_guarded(security: Option<&Value>) -> bool {
    let alternatives = security.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_credential = |one: &Value| one.get("bearer").or(one.get("ticket")).is_some();
    !alternatives.is_empty() && alternatives.iter().all(is_credential)
}

impl Route {
    /// Returns whether its path names something.
    pub(crate) fn has_ids(&self) -> bool {
        self.path.contains('{')
    }

    /// Returns whether a request to it names a thing of a tenant; else it is the same for all of them.
    pub(crate) fn names_something(&self) -> bool {
        let ids = Ids::absent();
        let body = self.body(&ids).ok().flatten().unwrap_or_default();
        let request = self.aimed(&ids).unwrap_or_default() + &body.to_string();
        ids.all().iter().any(|id| request.contains(id))
    }

    /// Returns whether it only reads.
    pub(crate) fn only_reads(&self) -> bool {
        let asks = ["/v1/query", "/v1/windows", "/v1/funnels", "/v1/retention", "/v1/attribution"];
        self.method == Method::GET || asks.contains(&self.path.as_str())
    }

    /// Returns whether a request that is accepted leaves something in the platform: such routes are tried less often.
    pub(crate) fn is_lasting(&self) -> bool {
        const LASTING: [(&str, &str); 16] = [
            ("POST", "/v1/annotations"),
            ("POST", "/v1/api-keys"),
            ("POST", "/v1/cohorts"),
            ("POST", "/v1/exports/events"),
            ("POST", "/v1/live/tickets"),
            ("DELETE", "/v1/parked"),
            ("POST", "/v1/parked/release"),
            ("POST", "/v1/privacy/erase"),
            ("POST", "/v1/privacy/export"),
            ("POST", "/v1/reports"),
            ("POST", "/v1/saved-reports"),
            ("POST", "/v1/schedules"),
            ("POST", "/v1/users"),
            ("PUT", "/v1/me/password"),
            ("PUT", "/v1/admin/me/password"),
            ("DELETE", "/v1/me/sessions"),
        ];
        LASTING.contains(&(self.method.as_str(), self.path.as_str()))
    }

    /// Returns whether a foreign id is answered as an absent one. Advertisers and dimensions are created under the name
    /// that a request chooses, also one that another tenant has.
    pub(crate) fn hides_foreign_ids(&self) -> bool {
        let chosen = ["/v1/advertisers/{id}", "/v1/dimensions/{name}"];
        self.has_ids() && !chosen.contains(&self.path.as_str())
    }

    /// Returns whether its body names something, and a foreign one is answered as an absent one.
    pub(crate) fn hides_named_things(&self) -> bool {
        let named = ["/v1/annotations", "/v1/live/tickets"];
        self.method == Method::POST && named.contains(&self.path.as_str())
    }

    /// Returns the path with ids in place of the parameters, and the query that it cannot do without.
    ///
    /// # Errors
    /// There is no rule for a parameter.
    pub(crate) fn aimed(&self, ids: &Ids) -> Result<String, Failure> {
        let mut aimed: Vec<&str> = Vec::new();
        for part in self.path.split('/') {
            let before = aimed.last().copied().unwrap_or_default();
            let part = if part.starts_with('{') { self.id(ids, before)? } else { part };
            aimed.push(part);
        }
        let mut path = aimed.join("/");
        if self.path == "/v1/campaigns/{id}/metrics" {
            // By hour, a range as long as this is refused before the campaign is looked up.
            let [from, to] = everything();
            path += &format!("?granularity=total&from={from}&to={to}");
        }
        Ok(path)
    }

    fn id<'a>(&self, ids: &'a Ids, before: &str) -> Result<&'a str, Failure> {
        let id: &'a str = match before {
            "tenants" => &ids.tenant,
            "campaigns" => &ids.campaign,
            "api-keys" => &ids.key,
            "users" if self.path.ends_with("/invitation") => &ids.invited,
            "users" => &ids.user,
            "sessions" => &ids.session,
            "annotations" => &ids.annotation,
            "saved-reports" => &ids.report,
            "cohorts" => &ids.cohort,
            "reports" => &ids.job,
            "schedules" => &ids.schedule,
            "erasures" => &ids.erasure,
            "advertisers" => BRAND,
            "dimensions" => DIMENSION,
            "clusters" => "nowhere",
            _ => return Err(format!("{} needs a rule for the id after {before}", self.path).into()),
        };
        Ok(id)
    }

    /// Returns a valid body, so that a route refuses a request only because of what it names; none if it reads none.
    ///
    /// # Errors
    /// There is no rule for its body.
    pub(crate) fn body(&self, ids: &Ids) -> Result<Option<Value>, Failure> {
        if !self.has_body {
            return Ok(None);
        }
        let [from, to] = everything();
        let time = json!({"from": from, "to": to});
        let name = Uuid::now_v7();
        let body = match (self.method.as_str(), self.path.as_str()) {
            ("POST", "/v1/events") => json!([{"type": "page_view"}]),
            ("POST", path) if path.starts_with("/v1/auth/") => json!({}),
            ("PUT", "/v1/me/password" | "/v1/admin/me/password") => {
                json!({"current_password": "a wrong one", "password": "at least twelve characters"})
            }
            (_, path) if path.starts_with("/v1/admin/") => self.admin_body()?,
            ("PUT", "/v1/advertisers/{id}") => json!({"name": "Brand"}),
            ("PUT", "/v1/dimensions/{name}") => json!({"pointer": "/properties/own"}),
            ("PATCH", "/v1/campaigns/{id}") => json!({"name": "Taken", "advertiser_id": null}),
            ("POST", "/v1/live/tickets") => json!({"campaign_id": ids.campaign}),
            ("POST", "/v1/annotations") => json!({
                "at": "2026-03-01", "text": "Own", "scope": "tenant", "campaign_id": ids.campaign,
            }),
            ("PATCH", "/v1/annotations/{id}") => json!({"text": "Taken"}),
            ("POST", "/v1/saved-reports") | ("PUT", "/v1/saved-reports/{id}") => json!({
                "name": name, "visibility": "shared", "kind": "query",
                "request": {"metrics": ["events"]},
            }),
            ("POST", "/v1/cohorts") | ("PUT", "/v1/cohorts/{id}") => json!({
                "name": name,
                "definition": {"events": ["ad_impression"], "time": {"last_days": 365}},
            }),
            ("POST", "/v1/schedules") | ("PUT", "/v1/schedules/{id}") => json!({
                "name": "Own", "kind": "query", "request": {"metrics": ["events"]}, "every": "day",
                "at": "03:17",
            }),
            ("POST", "/v1/reports") => json!({
                "kind": "query", "request": {"metrics": ["events"], "dimensions": ["campaign"]},
            }),
            ("PUT", "/v1/security") => json!({"owners_need_second_factor": false}),
            ("PATCH", "/v1/api-keys/{id}") => json!({"name": "Taken"}),
            ("POST", "/v1/api-keys/{id}/rotation") => json!({}),
            ("POST", "/v1/api-keys") => json!({"name": name, "kind": "read"}),
            ("PATCH", "/v1/users/{id}") => json!({"role": "owner", "disabled": false}),
            ("POST", "/v1/users") => {
                json!({"email": format!("{name}@new.example"), "role": "analyst"})
            }
            ("POST", "/v1/rejects/resubmit" | "/v1/rejects/replay") => json!({"events": [
                {"id": ids.reject, "body": {"type": "ad_impression", "campaign_id": "spring"}},
            ]}),
            ("POST", "/v1/parked/release") => json!({}),
            // Questions about everything name no tenant: their answers must have nothing of another one.
            ("POST", "/v1/query") => json!({
                "metrics": ["events", "visitors", "sales"], "time": time,
                "dimensions": ["campaign", "ad", "currency"], "compare": {"to": "previous_year"},
                "top": {"n": 100, "by": "events", "others": true},
            }),
            ("POST", "/v1/windows") => json!({
                "metrics": ["events", "sales"], "time": time, "window": {"type": "session"},
            }),
            ("POST", "/v1/funnels") => json!({
                "steps": [{"event": "ad_impression"}, {"event": "purchase"}], "time": time,
                "hold": "campaign",
            }),
            ("POST", "/v1/retention") => json!({
                "cohort": {"event": "ad_impression"}, "period": "month", "time": time,
            }),
            ("POST", "/v1/attribution") => json!({
                "time": time, "rules": [{"match": "any"}, {"preset": "criteo_display"}],
                "dimensions": ["campaign", "ad"],
            }),
            ("POST", "/v1/exports/events") => json!({"time": time}),
            ("POST", "/v1/privacy/erase" | "/v1/privacy/export") => {
                json!({"visitors": [ids.campaign]})
            }
            (method, path) => return Err(format!("{method} {path} needs a body here").into()),
        };
        Ok(Some(body))
    }

    /// Returns the body of a route of the admins. A tenant's credential gets no further than its permission.
    fn admin_body(&self) -> Result<Value, Failure> {
        let name = Uuid::now_v7();
        let body = match (self.method.as_str(), self.path.as_str()) {
            ("POST", "/v1/admin/tenants") => json!({
                "id": "t-new", "name": "New", "isolation": "shared", "cluster": "nowhere",
                "time_zone": "Europe/Berlin", "currency": "EUR",
            }),
            ("PATCH", "/v1/admin/tenants/{id}") => json!({"retention_days": 1}),
            ("DELETE", "/v1/admin/tenants/{id}") => json!({"reason": "Taken", "grace_days": 0}),
            ("POST", "/v1/admin/tenants/{id}/suspend") => json!({"reason": "Taken"}),
            ("POST", "/v1/admin/tenants/{id}/move") => {
                json!({"isolation": "schema", "cluster": "shared"})
            }
            ("POST", "/v1/admin/tenants/{id}/move/back-out") => json!({"reason": "Taken"}),
            ("POST", "/v1/admin/tenants/{id}/users") => {
                json!({"email": format!("{name}@new.example"), "role": "analyst"})
            }
            ("POST", "/v1/admin/tenants/{id}/api-keys") => json!({"name": name, "kind": "collect"}),
            ("PUT", "/v1/admin/clusters/{name}") => json!({
                "url": "http://127.0.0.1:1", "writer_user": "w", "writer_password": "w",
                "reader_user": "r", "reader_password": "r",
            }),
            (method, path) => return Err(format!("{method} {path} needs a body here").into()),
        };
        Ok(body)
    }
}

/// Returns a range that contains all events.
pub(crate) fn everything() -> [String; 2] {
    let year = Utc::now().year();
    [year - 1, year + 1].map(|year| format!("{year}-01-01T00:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_a_rule() {
        let routes = routes().unwrap();
        assert!(routes.len() > 100, "{}", routes.len());
        assert!(routes.iter().any(|route| !route.is_api && route.is_guarded));
        assert!(routes.iter().any(|route| !route.is_guarded));
    }

    fn route(path: &str, has_body: bool) -> Route {
        Route {
            method: Method::POST,
            path: path.to_owned(),
            is_api: true,
            is_guarded: true,
            has_body,
        }
    }

    #[test]
    fn a_thing_of_a_tenant_is_named_in_a_path_or_a_body() {
        assert!(route("/v1/schedules/{id}", false).names_something());
        assert!(route("/v1/privacy/erase", true).names_something());
        assert!(!route("/v1/dimensions/{name}", false).names_something(), "each tenant has it");
        assert!(!route("/v1/query", true).names_something());
        assert!(!route("/v1/me", false).names_something());
    }

    #[test]
    fn a_route_without_a_rule_is_an_error() {
        assert!(route("/v1/wishes/{id}", false).aimed(&Ids::absent()).is_err());
        assert!(route("/v1/wishes", true).body(&Ids::absent()).is_err());
    }
}
