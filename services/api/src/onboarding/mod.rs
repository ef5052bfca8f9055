//! Onboarding: from a file (or a request) that describes a tenant, through a plan of the changes, to a
//! tenant that can send its first event.
//!
//! Nothing is deleted by omission, and applying twice changes nothing the second time. A tenant is
//! activated last, after its credentials were handed over: the next run completes an interrupted one,
//! and creates the credentials again.

mod admin;
mod apply;
mod changes;
mod current;
mod error;
mod field;
mod file;
mod folder;
mod limits;
mod neighbours;
mod order;
mod plan;
mod quotas;
mod step;
#[cfg(test)]
mod tests;

use control_plane::ControlPlane;
use tenancy::{PlatformContext, TenantState};
use warehouse::Warehouse;

use current::Current;
use order::TenantOrder;

pub(crate) use file::QuotasFile;
pub(crate) use limits::{RetentionFile, changed_spec};
pub(crate) use neighbours::{DRAINED, taken};

pub use admin::ensure_admin;
pub use apply::{Applied, Made, Progress};
pub use error::OnboardingError;
pub use file::{
    AdvertiserFile, CampaignFile, DimensionFile, KeyFile, LimitsFile, TenantFile, UserFile,
};
pub use folder::{Folder, FolderError, FolderFault, read_folder};
pub use plan::Plan;
pub use step::Step;

/// Plans and creates tenants, in the name of one actor.
#[derive(Clone)]
pub struct Onboarding {
    control_plane: ControlPlane,
    warehouse: Warehouse,
    context: PlatformContext,
}

impl Onboarding {
    /// Acts as `context`, which the audit log names.
    pub fn new(
        control_plane: ControlPlane,
        warehouse: Warehouse,
        context: &PlatformContext,
    ) -> Self {
        Self { control_plane, warehouse, context: context.clone() }
    }

    /// Returns what applying a folder would change.
    pub async fn plan_folder(&self, folder: &Folder) -> Result<Plan, OnboardingError> {
        let current = Current::read(&self.control_plane, &self.context, folder.orders()).await?;
        plan::plan(folder.orders(), &current)
            .map_err(|objections| OnboardingError::Folder(folder.faults(&objections)))
    }

    /// Creates the tenant that a request describes, or completes it if it is half made.
    pub async fn create(&self, file: &TenantFile) -> Result<Applied, OnboardingError> {
        let order = TenantOrder::from_file(file).map_err(OnboardingError::Fields)?;
        let orders = [order];
        let current = Current::read(&self.control_plane, &self.context, &orders).await?;
        let [order] = &orders;
        let known = current.tenants.get(&order.client_id);
        if known.is_some_and(|known| known.detail.record.state != TenantState::Provisioning) {
            return Err(OnboardingError::Exists);
        }
        let plan = plan::plan(&orders, &current).map_err(|objections| {
            OnboardingError::Fields(objections.into_iter().map(|(_, error)| error).collect())
        })?;
        self.apply(&plan, &mut |_| {}).await
    }
}
