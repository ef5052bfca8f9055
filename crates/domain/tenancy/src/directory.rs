use std::{collections::HashSet, sync::Arc};

use chrono_tz::Tz;
use money::Currency;
use serde::{Deserialize, Serialize};

use crate::{ClientId, Limits, Origin, Placement};

/// The state of a tenant: whether it may send and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// Being provisioned: not yet usable.
    Provisioning,
    /// In use.
    Active,
    /// Suspended by an admin: credentials are refused, data is retained.
    Suspended,
    /// Within the grace period before it is erased: it may read and export, and sends nothing.
    Offboarding,
    /// Its data is being erased: nothing of it is served or processed any more.
    Erasing,
}

impl TenantState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Provisioning, Self::Active, Self::Suspended, Self::Offboarding, Self::Erasing];

    /// Returns the name used in answers and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Offboarding => "offboarding",
            Self::Erasing => "erasing",
        }
    }
}

/// A tenant as the control plane stores it. A description, not a proof: it gives no access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRecord {
    /// The tenant.
    pub client_id: ClientId,
    /// The display name.
    pub name: String,
    /// Whether it may send and read.
    pub state: TenantState,
    /// Why an admin suspended or offboards it, for its owners.
    pub state_reason: Option<Arc<str>>,
    /// Where its rows are stored and read.
    pub placement: Placement,
    /// Where new rows go as well, while it is moved.
    pub mirror: Option<Placement>,
    /// Its limits.
    pub limits: Limits,
    /// The time zone of its days, unless a request names another.
    pub time_zone: Tz,
    /// The currency of amounts sent without one.
    pub currency: Currency,
    /// The web origins that may read its answers.
    pub origins: Arc<[Origin]>,
    /// Tokens issued under an older version are refused.
    pub token_version: u32,
}

/// The port through which the router looks up tenants; the control plane implements it.
#[async_trait::async_trait]
pub trait TenantDirectory: Send + Sync {
    /// Returns the tenant `client_id`, if it exists.
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError>;

    /// Returns a number that is another one after a change of any tenant is announced. `None` if
    /// changes are not announced: no answer may then be used twice.
    fn revision(&self) -> Option<u64> {
        None
    }
}

/// The port that answers CORS preflights, which carry no credential.
#[async_trait::async_trait]
pub trait OriginDirectory: Send + Sync {
    /// Returns the origins that any tenant lists.
    async fn listed_origins(&self) -> Result<Arc<HashSet<Origin>>, DirectoryError>;
}

/// The directory could not answer; a retry can succeed.
#[derive(Debug, thiserror::Error)]
#[error("the tenant directory is unavailable")]
pub struct DirectoryError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
