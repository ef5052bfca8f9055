use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use auth::{ApiKeyId, CredentialStore, CredentialStoreError, StoredApiKey};
use tenancy::{ClientId, DirectoryError, Limits, TenantDirectory, TenantRecord};
use testkit::tenant_record;
use uuid::Uuid;

/// Any tenant, with two live streams, and any user.
#[derive(Default)]
pub(super) struct Anybody {
    /// How often the tokens of all were revoked.
    pub(super) revocations: AtomicU32,
    /// Whoever was disabled.
    pub(super) disabled: Mutex<Option<Uuid>>,
    pub(super) key: Mutex<Option<StoredApiKey>>,
}

#[async_trait::async_trait]
impl TenantDirectory for Anybody {
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError> {
        let limits = Limits { live_streams: 2, ..Limits::default() };
        let token_version = 1 + self.revocations.load(Ordering::Relaxed);
        Ok(Some(TenantRecord { limits, token_version, ..tenant_record(client_id) }))
    }
}

#[async_trait::async_trait]
impl CredentialStore for Anybody {
    async fn user_version(&self, id: Uuid) -> Result<Option<u32>, CredentialStoreError> {
        let disabled = *self.disabled.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((disabled != Some(id)).then_some(1))
    }

    async fn api_key(&self, id: &ApiKeyId) -> Result<Option<StoredApiKey>, CredentialStoreError> {
        let key = self.key.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(key.filter(|key| key.id == *id))
    }
}
