use std::sync::Arc;

use crate::{
    ClientId, DirectoryError, PlatformContext, TenantContext, TenantDirectory, TenantState,
};

/// The only source of [`TenantContext`] and [`PlatformContext`].
///
/// The workspace's lints allow the calls in few named places: after a token was verified, after a
/// record's key was read, and in commands that an operator runs.
#[derive(Clone)]
pub struct TenantRouter {
    directory: Arc<dyn TenantDirectory>,
}

/// Why no context is returned.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The tenant does not exist, is still being provisioned, or is being erased.
    #[error("the tenant does not exist")]
    Unknown,
    /// An admin suspended the tenant.
    #[error("the tenant is suspended")]
    Suspended {
        /// Why, for its owners.
        reason: Option<Arc<str>>,
    },
    /// The credential was issued before the tenant's tokens were last revoked.
    #[error("the token was revoked")]
    Revoked,
    /// The directory could not answer; a retry can succeed.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl TenantRouter {
    /// Creates a router that looks tenants up in `directory`.
    pub fn new(directory: Arc<dyn TenantDirectory>) -> Self {
        Self { directory }
    }

    /// Resolves the tenant of a verified token, whose version must still be current.
    pub async fn resolve(
        &self,
        client_id: &ClientId,
        token_version: u32,
    ) -> Result<TenantContext, ResolveError> {
        let record = self.directory.find(client_id).await?.ok_or(ResolveError::Unknown)?;
        match record.state {
            TenantState::Active | TenantState::Offboarding => {
                if record.token_version == token_version {
                    Ok(TenantContext::new(record))
                } else {
                    Err(ResolveError::Revoked)
                }
            }
            TenantState::Suspended => Err(ResolveError::Suspended { reason: record.state_reason }),
            TenantState::Provisioning | TenantState::Erasing => Err(ResolveError::Unknown),
        }
    }

    /// Resolves the tenant of a record of the log. An accepted record is processed even if its
    /// tenant was suspended later; while the tenant is being erased, nothing of it is stored again.
    pub async fn resolve_record(
        &self,
        client_id: &ClientId,
    ) -> Result<TenantContext, ResolveError> {
        let record = self.directory.find(client_id).await?;
        let record = record.filter(|record| record.state != TenantState::Erasing);
        Ok(TenantContext::new(record.ok_or(ResolveError::Unknown)?))
    }

    /// Creates the platform's context for the `actor` that the audit log names.
    pub fn platform(actor: &str) -> PlatformContext {
        PlatformContext::new(actor)
    }
}
