use std::{collections::HashSet, sync::Arc};

use chrono_tz::Tz;
use money::Currency;
use serde::{Deserialize, Serialize};

use crate::{ClientId, Limits, Origin, Placement};

/// Whether a tenant may send and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// Being provisioned: known, not yet usable.
    Provisioning,
    /// In use.
    Active,
    /// Stopped by an admin: credentials are refused, data is kept.
    Suspended,
}

impl TenantState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Provisioning, Self::Active, Self::Suspended];

    /// The name used in answers and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// What the control plane knows of a tenant. A description, not a proof: it opens nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRecord {
    /// The tenant.
    pub client_id: ClientId,
    /// The name people know it by.
    pub name: String,
    /// Whether it may send and read.
    pub state: TenantState,
    /// Where its rows go.
    pub placement: Placement,
    /// What it may use.
    pub limits: Limits,
    /// The zone its days begin in, unless a request names another.
    pub time_zone: Tz,
    /// The currency of amounts sent without one.
    pub currency: Currency,
    /// Whose pages may read its answers.
    pub origins: Arc<[Origin]>,
    /// Tokens issued under an older version are refused.
    pub token_version: u32,
}

/// The port through which the router learns of tenants; the control plane implements it.
#[async_trait::async_trait]
pub trait TenantDirectory: Send + Sync {
    /// The tenant named `client_id`, if there is one.
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError>;
}

/// The port through which a preflight, which carries no credential, is judged.
#[async_trait::async_trait]
pub trait OriginDirectory: Send + Sync {
    /// The origins that some tenant lists.
    async fn listed_origins(&self) -> Result<Arc<HashSet<Origin>>, DirectoryError>;
}

/// The directory could not answer; the question may be asked again.
#[derive(Debug, thiserror::Error)]
#[error("the tenant directory is unavailable")]
pub struct DirectoryError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
