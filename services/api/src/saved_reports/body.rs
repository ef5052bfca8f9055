use chrono::{DateTime, Utc};
use control_plane::{ReportJobKind, ReportKind, ReportVisibility, SavedReport};
use problem::Problem;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;
use web::read_json;

use crate::{
    cohorts::FoundCohorts,
    dimensions::Home,
    names::{ReportDescription, ReportName},
    report_request::ReportRequest,
    schemas,
};

/// The most bytes of a request.
const MOST_BYTES: usize = 32 * 1024;

/// A report to save, in place of what it said before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedReportOrder {
    /// The name, unique among your reports of the same visibility.
    #[schema(value_type = schemas::ReportName)]
    name: ReportName,
    /// What it is for. Default: none.
    #[schema(value_type = Option<schemas::ReportDescription>)]
    description: Option<ReportDescription>,
    /// Who sees it. Default: `private`.
    #[serde(default)]
    #[schema(value_type = schemas::ReportVisibility)]
    pub(super) visibility: ReportVisibility,
    /// What it asks for.
    #[schema(value_type = schemas::ReportKind)]
    kind: ReportKind,
    /// The body of the request, at most 32 KiB: of `POST /v1/query` without `cursor`, or of
    /// `/v1/attribution`, `/v1/funnels`, `/v1/retention` or `/v1/windows`; the parameters of
    /// `GET /v1/sessions`, as texts. It is checked as that route checks it.
    #[schema(value_type = Object, example = json!({"metrics": ["sales"]}))]
    request: Box<RawValue>,
}

impl SavedReportOrder {
    /// Returns the bytes of the request.
    pub(super) fn request(&self) -> &[u8] {
        self.request.get().as_bytes()
    }

    /// Returns the report with this id and author, who may see all campaigns of a tenant or only some. Its
    /// request is checked as its route checks it at the time `now`.
    ///
    /// # Errors
    /// The wrong fields of the request, below `/request`, and what would be correct; or the author may not
    /// ask it.
    pub(super) fn parse(
        self,
        report_id: Uuid,
        author: Uuid,
        cohorts: &FoundCohorts,
        sees_all: bool,
        home: Home<'_>,
        now: DateTime<Utc>,
    ) -> Result<SavedReport, Problem> {
        let request = self.request.get();
        if request.len() > MOST_BYTES {
            return Err(Problem::field(
                "/request",
                format!("must have at most {MOST_BYTES} bytes"),
            ));
        }
        let kind = ReportJobKind::Report(self.kind);
        ReportRequest::parse(kind, request.as_bytes(), cohorts, sees_all, home, now)
            .map_err(|problem| problem.below("/request"))?;
        Ok(SavedReport {
            report_id,
            name: self.name.into(),
            description: self.description.map(String::from),
            visibility: self.visibility,
            kind: self.kind,
            request: read_json(request.as_bytes())?,
            created_by: Some(author),
            created_at: now,
            updated_at: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use metrics::Dimensions;
    use serde_json::{Value, json};

    use super::*;

    fn saved(kind: &str, request: Value) -> Result<SavedReport, Problem> {
        saved_by(true, kind, request)
    }

    fn saved_by(sees_all: bool, kind: &str, request: Value) -> Result<SavedReport, Problem> {
        let order = json!({"name": "x", "kind": kind, "request": request}).to_string();
        let order: SavedReportOrder = read_json(order.as_bytes()).unwrap();
        let now = "2026-03-10T12:34:56Z".parse().unwrap();
        let home = Home { zone: Tz::UTC, dimensions: &Dimensions::BUILT_IN };
        let cohorts = FoundCohorts::default();
        order.parse(Uuid::now_v7(), Uuid::now_v7(), &cohorts, sees_all, home, now)
    }

    #[test]
    fn a_request_that_its_author_may_not_ask_is_refused() {
        let request = json!({"metrics": ["orders"], "dimensions": ["customer_type"]});
        assert!(saved("query", request.clone()).is_ok());
        let refused = saved_by(false, "query", request).unwrap_err();
        assert_eq!(refused.code(), problem::Code::PermissionDenied);
    }

    #[test]
    fn a_request_of_every_kind_is_kept_as_it_was_given() {
        let steps = json!([{"event": "product_view"}, {"event": "purchase"}]);
        for (kind, request) in [
            ("query", json!({"metrics": ["sales"], "limit": 5, "format": "csv"})),
            ("attribution", json!({"rules": [{"preset": "criteo_display"}]})),
            ("funnel", json!({"steps": steps, "window": "24h"})),
            ("retention", json!({"cohort": {"event": "product_view"}, "period": "week"})),
            ("sessions", json!({"from": "2026-03-01", "gap": "30m"})),
            ("windows", json!({"metrics": ["sales"], "window": {"type": "session"}})),
        ] {
            let report = saved(kind, request.clone()).unwrap();
            assert_eq!((report.kind.as_str(), report.request), (kind, request));
            assert_eq!(report.visibility, ReportVisibility::Private);
        }
    }

    #[test]
    fn a_request_that_its_route_refuses_is_refused_with_its_pointer() {
        let long = "x".repeat(MOST_BYTES);
        for (kind, request, pointer) in [
            ("query", json!({"metrics": ["sales"], "metric": 1}), "/request/metric"),
            ("query", json!({"metrics": ["clics"]}), "/request/metrics/0"),
            ("query", json!({"metrics": ["sales"], "limit": 0}), "/request/limit"),
            ("query", json!({"metrics": ["sales"], "format": "pdf"}), "/request/format"),
            ("query", json!({"metrics": ["sales"], "cursor": "Yg"}), "/request/cursor"),
            ("query", json!({"metrics": ["spend"], "dimensions": ["brand"]}), "/request/metrics"),
            ("query", json!([["sales"]]), "/request"),
            ("query", json!({"metrics": ["sales"], "cursor": long}), "/request"),
            ("attribution", json!({"rules": [{"match": "name"}]}), "/request/rules/0/match"),
            ("funnel", json!({"steps": [{"event": "purchase"}]}), "/request/steps"),
            ("funnel", json!({"metrics": ["sales"]}), "/request/metrics"),
            ("retention", json!({}), "/request"),
            ("sessions", json!({"gap": "30"}), "/request/gap"),
            ("sessions", json!({"gap": 30}), "/request/gap"),
            ("sessions", json!("30m"), "/request"),
        ] {
            let body = saved(kind, request.clone()).unwrap_err().body("r");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["status"], 422, "{kind} {request}: {body}");
            assert_eq!(body["errors"][0]["pointer"], pointer, "{kind} {request}: {body}");
        }
    }
}
