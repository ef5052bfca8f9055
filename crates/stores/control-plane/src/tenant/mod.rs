pub(crate) mod advertisers;
mod annotations;
pub(crate) mod api_keys;
pub(crate) mod campaigns;
pub(crate) mod dimensions;
pub(crate) mod invitations;
mod kept_cohorts;
mod parked;
pub(crate) mod password_resets;
pub(crate) mod person_erasures;
mod products;
mod quota;
mod report_jobs;
mod resubmissions;
mod saved_reports;
mod schedules;
mod second_factors;
mod sessions;
pub(crate) mod users;

use tenancy::{ClientId, TenantContext};

use crate::{ControlPlane, ControlPlaneError, pool::Transaction};

pub use advertisers::Advertiser;
pub use annotations::{
    Annotation, AnnotationChange, AnnotationFilter, AnnotationReader, AnnotationScope,
};
pub use api_keys::{ApiKey, ApiKeyChange, NewApiKey};
pub use campaigns::{Campaign, CampaignFilter};
pub use invitations::NewInvitation;
pub use kept_cohorts::{CohortWriter, KeptCohort};
pub use person_erasures::{BegunPersonErasure, NewPersonErasure, PersonErasureLimits};
pub use products::Product;
pub use quota::Quota;
pub use report_jobs::{NewReportJob, ReportJobReader};
pub use resubmissions::Resubmission;
pub use saved_reports::{ReportKind, ReportReader, ReportVisibility, ReportWriter, SavedReport};
pub use users::{NewUser, User, UserChange};

/// One tenant's campaigns, products, users, keys, resubmissions, annotations, saved reports,
/// kept cohorts, report jobs, schedules, declared dimensions, parked events and erasures of persons.
///
/// Every query binds the tenant, in a transaction that row-level security confines to it.
#[derive(Clone)]
pub struct TenantControl {
    control_plane: ControlPlane,
    context: TenantContext,
}

impl TenantControl {
    pub(crate) fn new(control_plane: ControlPlane, context: TenantContext) -> Self {
        Self { control_plane, context }
    }

    pub(crate) fn client_id(&self) -> &ClientId {
        self.context.client_id()
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, ControlPlaneError> {
        self.control_plane.begin_tenant(self.context.client_id()).await
    }

    /// Waits until no other transaction of the tenant counts and adds rows.
    async fn lock(&self, transaction: &mut Transaction) -> Result<(), ControlPlaneError> {
        lock(transaction, self.client_id()).await
    }
}

/// Waits until no other transaction of the tenant counts and adds rows.
pub(crate) async fn lock(
    transaction: &mut Transaction,
    client_id: &ClientId,
) -> Result<(), ControlPlaneError> {
    sqlx::query(sql!("tenant/lock")).bind(client_id.as_str()).execute(transaction).await?;
    Ok(())
}
