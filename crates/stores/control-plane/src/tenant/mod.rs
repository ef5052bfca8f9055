pub(crate) mod advertisers;
pub(crate) mod api_keys;
pub(crate) mod campaigns;
pub(crate) mod invitations;
mod products;
mod resubmissions;
pub(crate) mod users;

use tenancy::{ClientId, TenantContext};

use crate::{ControlPlane, ControlPlaneError, pool::Transaction};

pub use advertisers::Advertiser;
pub use api_keys::{ApiKey, NewApiKey};
pub use campaigns::{Campaign, CampaignFilter};
pub use invitations::NewInvitation;
pub use products::Product;
pub use resubmissions::Resubmission;
pub use users::{NewUser, User};

/// One tenant's campaigns, products, users, keys and resubmissions.
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

    fn client_id(&self) -> &ClientId {
        self.context.client_id()
    }

    async fn begin(&self) -> Result<Transaction, ControlPlaneError> {
        self.control_plane.begin_tenant(self.context.client_id()).await
    }
}
