//! `/v1/annotations`.

use chrono::{DateTime, Utc};
use control_plane::AnnotationScope;
use serde::Serialize;
use tenancy::CampaignId;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::schemas;

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod show;

/// A mark on the time axis of reports.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Annotation {
    /// Its id.
    id: Uuid,
    /// When it happened, or began.
    at: DateTime<Utc>,
    /// When it ended, excluded; `null` for a moment.
    until: Option<DateTime<Utc>>,
    /// What happened.
    #[schema(value_type = schemas::AnnotationText)]
    text: String,
    /// Who sees it.
    #[schema(value_type = schemas::AnnotationScope)]
    scope: AnnotationScope,
    /// The campaign it is of; `null` if it is of none.
    #[schema(value_type = Option<schemas::CampaignId>)]
    campaign_id: Option<CampaignId>,
    /// The user who created it; `null` once that user is deleted.
    created_by: Option<Uuid>,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
}

impl From<control_plane::Annotation> for Annotation {
    fn from(annotation: control_plane::Annotation) -> Self {
        let control_plane::Annotation {
            annotation_id: id,
            at,
            until,
            text,
            scope,
            campaign_id,
            created_by,
            created_at,
            updated_at,
        } = annotation;
        Self { id, at, until, text, scope, campaign_id, created_by, created_at, updated_at }
    }
}
