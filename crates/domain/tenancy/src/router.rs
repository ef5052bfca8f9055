use std::sync::Arc;

use crate::{
    ClientId, DirectoryError, PlatformContext, TenantContext, TenantDirectory, TenantState,
};

/// The only mint of [`TenantContext`] and [`PlatformContext`].
///
/// The workspace's lints allow the calls in few named places: where a token was verified, where a
/// record's key was read, and where an operator runs the command line.
#[derive(Clone)]
pub struct TenantRouter {
    directory: Arc<dyn TenantDirectory>,
}

/// Why there is no context.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// No such tenant, or one that is still being provisioned.
    #[error("the tenant does not exist")]
    Unknown,
    /// An admin stopped the tenant.
    #[error("the tenant is suspended")]
    Suspended,
    /// The credential was issued before the tenant's tokens were last revoked.
    #[error("the token was revoked")]
    Revoked,
    /// Nobody could tell; worth asking again.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl TenantRouter {
    /// A router that asks `directory`.
    pub fn new(directory: Arc<dyn TenantDirectory>) -> Self {
        Self { directory }
    }

    /// The tenant that a verified token names, whose version must still be current.
    pub async fn resolve(
        &self,
        client_id: &ClientId,
        token_version: u32,
    ) -> Result<TenantContext, ResolveError> {
        let record = self.directory.find(client_id).await?.ok_or(ResolveError::Unknown)?;
        match record.state {
            TenantState::Active if record.token_version == token_version => {
                Ok(TenantContext::new(record))
            }
            TenantState::Active => Err(ResolveError::Revoked),
            TenantState::Suspended => Err(ResolveError::Suspended),
            TenantState::Provisioning => Err(ResolveError::Unknown),
        }
    }

    /// The tenant that a record of the log names: accepted once, it is processed even when the
    /// tenant has been suspended since.
    pub async fn resolve_record(
        &self,
        client_id: &ClientId,
    ) -> Result<TenantContext, ResolveError> {
        let record = self.directory.find(client_id).await?.ok_or(ResolveError::Unknown)?;
        Ok(TenantContext::new(record))
    }

    /// The platform's own context, for the `actor` the audit log will name.
    pub fn platform(actor: &str) -> PlatformContext {
        PlatformContext::new(actor)
    }
}
