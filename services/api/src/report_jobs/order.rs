use chrono::{DateTime, Utc};
use control_plane::ReportJobKind;
use problem::Problem;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;
use web::read_json;

use crate::{cohorts::FoundCohorts, dimensions::Home, report_request::ReportRequest, schemas};

/// The most bytes of a request.
pub(super) const MOST_BYTES: usize = 32 * 1024;

/// A report to make in the background.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportJobOrder {
    /// What it asks for.
    #[schema(value_type = schemas::ReportJobKind)]
    kind: String,
    /// The body of the request, at most 32 KiB: of `POST /v1/query` without `cursor`, of
    /// `/v1/attribution`, `/v1/funnels`, `/v1/retention`, `/v1/windows` or `/v1/exports/events`; the
    /// parameters of `GET /v1/sessions`, as texts. It is checked as that route checks it.
    #[schema(value_type = Object, example = json!({"metrics": ["sales"], "format": "csv"}))]
    request: Box<RawValue>,
}

/// The request of a job, checked.
#[derive(Debug)]
pub(super) struct CheckedRequest {
    pub(super) kind: ReportJobKind,
    pub(super) request: Value,
}

impl ReportJobOrder {
    /// Returns the bytes of the request.
    pub(super) fn request(&self) -> &[u8] {
        self.request.get().as_bytes()
    }

    /// Checks the request of a tenant as its route does, at the time `now`, for a credential that may see all
    /// campaigns or only some.
    ///
    /// # Errors
    /// The wrong fields of the request, below `/request`, and what would be correct; or the credential
    /// may not ask it.
    pub(super) fn parse(
        self,
        cohorts: &FoundCohorts,
        sees_all: bool,
        home: Home<'_>,
        now: DateTime<Utc>,
    ) -> Result<CheckedRequest, Problem> {
        let kind = job_kind(&self.kind)?;
        let request = self.request();
        if request.len() > MOST_BYTES {
            let reason = format!("must have at most {MOST_BYTES} bytes");
            return Err(Problem::field("/request", reason));
        }
        ReportRequest::parse(kind, request, cohorts, sees_all, home, now)
            .map_err(|problem| problem.below("/request"))?;
        Ok(CheckedRequest { kind, request: read_json(request)? })
    }
}

/// Returns the kind of this name.
///
/// # Errors
/// There is none.
pub(crate) fn job_kind(name: &str) -> Result<ReportJobKind, Problem> {
    let found = ReportJobKind::ALL.into_iter().find(|kind| kind.as_str() == name);
    found.ok_or_else(|| {
        let names = ReportJobKind::ALL.map(ReportJobKind::as_str).join(", ");
        Problem::field("/kind", format!("must be one of {names}"))
    })
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use metrics::Dimensions;
    use serde_json::json;

    use super::*;

    fn parsed(kind: &str, request: Value) -> Result<CheckedRequest, Problem> {
        parsed_by(true, kind, request)
    }

    fn parsed_by(sees_all: bool, kind: &str, request: Value) -> Result<CheckedRequest, Problem> {
        let order = json!({"kind": kind, "request": request}).to_string();
        let order: ReportJobOrder = read_json(order.as_bytes()).unwrap();
        let home = Home { zone: Tz::UTC, dimensions: &Dimensions::BUILT_IN };
        let now = "2026-03-10T12:34:56Z".parse().unwrap();
        order.parse(&FoundCohorts::default(), sees_all, home, now)
    }

    #[test]
    fn a_request_that_the_credential_may_not_ask_is_refused() {
        let query = json!({"metrics": ["orders"], "dimensions": ["customer_type"]});
        let mut windows = query.clone();
        windows["window"] = json!({"type": "tumbling", "size": "1d"});
        for (kind, request) in [("query", query), ("windows", windows), ("events", json!({}))] {
            assert!(parsed(kind, request.clone()).is_ok(), "{kind}");
            let refused = parsed_by(false, kind, request).unwrap_err();
            assert_eq!(refused.code(), problem::Code::PermissionDenied, "{kind}");
        }
    }

    #[test]
    fn a_request_of_every_kind_is_kept_as_it_was_given() {
        let steps = json!([{"event": "product_view"}, {"event": "purchase"}]);
        for (kind, request) in [
            ("query", json!({"metrics": ["sales"], "format": "csv"})),
            ("query", json!({"metrics": ["sales"], "format": "arrow"})),
            ("attribution", json!({"rules": [{"preset": "criteo_display"}]})),
            ("funnel", json!({"steps": steps, "window": "24h", "format": "csv"})),
            ("retention", json!({"cohort": {"event": "product_view"}, "period": "week"})),
            ("sessions", json!({"from": "2026-03-01", "gap": "30m"})),
            ("windows", json!({"metrics": ["sales"], "window": {"type": "session"}})),
            ("events", json!({"time": {"from": "2026-03-01"}, "format": "parquet"})),
        ] {
            let CheckedRequest { kind: read, request: kept } =
                parsed(kind, request.clone()).unwrap();
            assert_eq!((read.as_str(), kept), (kind, request));
        }
    }

    #[test]
    fn a_wrong_request_is_refused_with_its_pointer() {
        for (kind, request, pointer) in [
            ("query", json!({"metrics": ["clics"]}), "/request/metrics/0"),
            ("query", json!({"metrics": ["sales"], "cursor": "Yg"}), "/request/cursor"),
            ("events", json!({"format": "xlsx"}), "/request/format"),
            ("events", json!({"time": {"granularity": "day"}}), "/request/time/granularity"),
            ("sessions", json!({"gap": "30"}), "/request/gap"),
            ("sessions", json!({"format": "xlsx"}), "/request/format"),
            ("attribution", json!({"format": "xlsx"}), "/request/format"),
            (
                "windows",
                json!({"metrics": ["sales"], "window": {"type": "tumbling"}}),
                "/request/window/size",
            ),
            ("invoice", json!({}), "/kind"),
        ] {
            let body = parsed(kind, request).unwrap_err().body("r");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["errors"][0]["pointer"], pointer, "{body}");
        }
    }
}
