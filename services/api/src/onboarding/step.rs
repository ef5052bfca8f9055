use std::fmt;

use control_plane::{Advertiser, TenantSpec};
use metrics::DeclaredDimension;
use tenancy::{ClientId, ClusterName, Destination, Isolation};
use uuid::Uuid;

use super::order::{CampaignOrder, KeyOrder, UserOrder};

/// One change to one tenant. Its display is a line for operators.
#[derive(Clone, Debug)]
pub struct Step {
    pub(super) client_id: ClientId,
    pub(super) change: Change,
}

#[derive(Clone, Debug)]
pub(super) enum Change {
    CreateTenant {
        spec: TenantSpec,
        isolation: Isolation,
        cluster: ClusterName,
    },
    /// `differences` lists the changes, each as `name a -> b`.
    UpdateTenant {
        spec: TenantSpec,
        differences: Vec<String>,
    },
    PutAdvertiser {
        advertiser: Advertiser,
        exists: bool,
    },
    PutCampaign {
        campaign: CampaignOrder,
        exists: bool,
    },
    DeclareDimension {
        dimension: DeclaredDimension,
        exists: bool,
    },
    Provision {
        destination: Destination,
    },
    /// `replaces` is the user of an earlier run, whose invitation was not handed over.
    InviteUser {
        user: UserOrder,
        replaces: Option<Uuid>,
    },
    /// `replaces`: an earlier run created the key and did not hand it over.
    MakeKey {
        key: KeyOrder,
        replaces: bool,
    },
    Activate,
}

impl Step {
    /// Returns the tenant.
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.client_id, self.change)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = |exists: bool| if exists { "change" } else { "create" };
        match self {
            Self::CreateTenant { spec, isolation, cluster } => {
                let name = &spec.name;
                let tier = isolation.as_str();
                write!(out, "create tenant \"{name}\", {tier}, on cluster {cluster}")
            }
            Self::UpdateTenant { differences, .. } => {
                write!(out, "change {}", differences.join(", "))
            }
            Self::PutAdvertiser { advertiser: Advertiser { advertiser_id, name }, exists } => {
                write!(out, "{} advertiser {advertiser_id} \"{name}\"", verb(*exists))
            }
            Self::PutCampaign { campaign, exists } => {
                let CampaignOrder { campaign_id, name, advertiser_id } = campaign;
                write!(out, "{} campaign {campaign_id} \"{name}\"", verb(*exists))?;
                advertiser_id.iter().try_for_each(|id| write!(out, " of advertiser {id}"))
            }
            Self::DeclareDimension { dimension, exists } => {
                let DeclaredDimension { name, pointer, kind } = dimension;
                let (name, pointer, kind) = (name.as_str(), pointer.as_str(), kind.as_str());
                write!(out, "{} dimension {name} of {pointer} ({kind})", verb(*exists))
            }
            Self::Provision { destination: Destination { cluster, database } } => {
                write!(out, "provision database {database} on cluster {cluster}")
            }
            Self::InviteUser { user, replaces } => {
                let verb = if replaces.is_some() { "invite again" } else { "invite" };
                write!(out, "{verb} {} as {}", user.email, user.role.as_str())?;
                user.advertiser_id.iter().try_for_each(|id| write!(out, " {id}"))
            }
            Self::MakeKey { key, replaces } => {
                let verb = if *replaces { "replace" } else { "create" };
                write!(out, "{verb} key \"{}\" ({})", key.name, key.kind.as_str())
            }
            Self::Activate => out.write_str("activate"),
        }
    }
}
