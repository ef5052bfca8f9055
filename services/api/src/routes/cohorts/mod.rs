//! `/v1/cohorts`.

use chrono::{DateTime, Utc};
use control_plane::KeptCohort;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    cohorts::{CohortDefinition, CountedCohort},
    schemas,
};

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod replace;
pub(crate) mod show;

/// A set of visitors or customers that a user has named and kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cohort {
    /// Its id, for filters.
    id: Uuid,
    /// The name, unique in the tenant.
    #[schema(value_type = schemas::CohortName)]
    name: String,
    /// What it is for; `null` if nothing is said.
    #[schema(value_type = Option<schemas::ReportDescription>)]
    description: Option<String>,
    /// Who belongs to it, as it was given.
    #[schema(value_type = CohortDefinition)]
    definition: Value,
    /// The user who created it; `null` once that user is deleted.
    created_by: Option<Uuid>,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
}

/// A kept cohort, and who belongs to it now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShownCohort {
    #[serde(flatten)]
    cohort: Cohort,
    members: CohortMembers,
}

/// The members of a cohort.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CohortMembers {
    /// How many visitors or customers they are.
    size: u64,
    /// The start of the time of their events.
    from: DateTime<Utc>,
    /// Its end, excluded.
    to: DateTime<Utc>,
    /// Everything received before this time is counted; `null` while it is unknown.
    as_of: Option<DateTime<Utc>>,
}

impl From<KeptCohort> for Cohort {
    fn from(cohort: KeptCohort) -> Self {
        let KeptCohort {
            cohort_id: id,
            name,
            description,
            definition,
            created_by,
            created_at,
            updated_at,
        } = cohort;
        Self { id, name, description, definition, created_by, created_at, updated_at }
    }
}

impl From<CountedCohort> for ShownCohort {
    fn from(counted: CountedCohort) -> Self {
        let CountedCohort { cohort, time, size, as_of } = counted;
        let members = CohortMembers { size, from: time.from(), to: time.to(), as_of };
        Self { cohort: cohort.into(), members }
    }
}
