//! `/v1/saved-reports`.

use chrono::{DateTime, Utc};
use control_plane::{ReportKind, ReportVisibility};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::schemas;

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod replace;
pub(crate) mod show;

/// A request for a report that a user has named and kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedReport {
    /// Its id.
    id: Uuid,
    /// The name, unique among its author's reports of the same visibility.
    #[schema(value_type = schemas::ReportName)]
    name: String,
    /// What it is for; `null` if nothing is said.
    #[schema(value_type = Option<schemas::ReportDescription>)]
    description: Option<String>,
    /// Who sees it.
    #[schema(value_type = schemas::ReportVisibility)]
    visibility: ReportVisibility,
    /// What it asks for.
    #[schema(value_type = schemas::ReportKind)]
    kind: ReportKind,
    /// The body of the request, to send to the route of its kind; of `sessions`, the parameters.
    #[schema(value_type = Object, example = json!({"metrics": ["sales"]}))]
    request: Value,
    /// The user who created it; `null` once that user is deleted.
    created_by: Option<Uuid>,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
}

impl From<control_plane::SavedReport> for SavedReport {
    fn from(report: control_plane::SavedReport) -> Self {
        let control_plane::SavedReport {
            report_id: id,
            name,
            description,
            visibility,
            kind,
            request,
            created_by,
            created_at,
            updated_at,
        } = report;
        Self {
            id,
            name,
            description,
            visibility,
            kind,
            request,
            created_by,
            created_at,
            updated_at,
        }
    }
}
