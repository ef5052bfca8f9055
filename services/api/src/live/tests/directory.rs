use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU16, AtomicU32, Ordering},
};

use auth::{ApiKeyId, CredentialStore, CredentialStoreError, StoredApiKey};
use tenancy::{ClientId, DirectoryError, Limits, TenantDirectory, TenantRecord};
use testkit::tenant_record;
use uuid::Uuid;

/// A directory in which every tenant and user exists. A tenant may have two live streams, and more if a
/// test needs them.
#[derive(Default)]
pub(super) struct AnyTenant {
    /// How often all tokens were revoked.
    pub(super) revocations: AtomicU32,
    pub(super) more_streams: AtomicU16,
    /// The disabled user.
    pub(super) disabled: Mutex<Option<Uuid>>,
    pub(super) key: Mutex<Option<StoredApiKey>>,
}

#[async_trait::async_trait]
impl TenantDirectory for AnyTenant {
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError> {
        let live_streams = 2 + self.more_streams.load(Ordering::Relaxed);
        let limits = Limits { live_streams, ..Limits::default() };
        let token_version = 1 + self.revocations.load(Ordering::Relaxed);
        Ok(Some(TenantRecord { limits, token_version, ..tenant_record(client_id) }))
    }
}

#[async_trait::async_trait]
impl CredentialStore for AnyTenant {
    async fn user_version(
        &self,
        id: Uuid,
        _: Option<&ClientId>,
    ) -> Result<Option<u32>, CredentialStoreError> {
        let disabled = *self.disabled.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((disabled != Some(id)).then_some(1))
    }

    async fn api_key(&self, id: &ApiKeyId) -> Result<Option<StoredApiKey>, CredentialStoreError> {
        let key = self.key.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(key.filter(|key| key.id == *id))
    }
}
