use std::sync::Arc;

use metrics::Membership;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A kept cohort that a request names, and who belongs to it, once it is found.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(from = "Uuid", into = "Uuid")]
pub(crate) struct NamedCohort {
    pub(super) id: Uuid,
    pub(super) membership: Option<Arc<Membership>>,
}

/// The body of a request that may name kept cohorts.
pub(crate) trait NamesCohorts {
    /// Returns every cohort that it names.
    fn cohorts(&mut self) -> Vec<&mut NamedCohort>;
}

impl NamedCohort {
    /// Returns who belongs to it.
    ///
    /// # Errors
    /// The reason: the tenant has no such cohort.
    pub(crate) fn membership(&self) -> Result<Arc<Membership>, String> {
        self.membership.clone().ok_or_else(|| {
            format!("`{}` is not the id of a cohort; GET /v1/cohorts lists them", self.id)
        })
    }
}

impl From<Uuid> for NamedCohort {
    fn from(id: Uuid) -> Self {
        Self { id, membership: None }
    }
}

impl From<NamedCohort> for Uuid {
    fn from(named: NamedCohort) -> Self {
        named.id
    }
}
