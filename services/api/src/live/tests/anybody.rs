use auth::{
    ApiKeyId, CredentialStore, CredentialStoreError, NewRefreshToken, Rotation, SecretHash,
    SecurityEvent, StoredApiKey, StoredSigningKey, StoredUser,
};
use chrono::{DateTime, Utc};
use tenancy::{
    ClientId, DirectoryError, Isolation, Limits, Placement, TenantDirectory, TenantRecord,
    TenantState,
};
use uuid::Uuid;

/// Any tenant, with two live streams; nobody has users or keys.
pub(super) struct Anybody;

#[async_trait::async_trait]
impl TenantDirectory for Anybody {
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError> {
        Ok(Some(TenantRecord {
            client_id: client_id.clone(),
            name: client_id.to_string(),
            state: TenantState::Active,
            placement: Placement {
                isolation: Isolation::Shared,
                cluster: "shared".parse().unwrap(),
                route_version: 1,
            },
            limits: Limits { live_streams: 2, ..Limits::default() },
            time_zone: chrono_tz::Tz::UTC,
            currency: "EUR".parse().unwrap(),
            token_version: 1,
        }))
    }
}

#[async_trait::async_trait]
impl CredentialStore for Anybody {
    async fn user_by_email(&self, _: &str) -> Result<Option<StoredUser>, CredentialStoreError> {
        Ok(None)
    }

    async fn user(&self, _: Uuid) -> Result<Option<StoredUser>, CredentialStoreError> {
        Ok(None)
    }

    async fn api_key(&self, _: &ApiKeyId) -> Result<Option<StoredApiKey>, CredentialStoreError> {
        Ok(None)
    }

    async fn start_refresh_family(
        &self,
        _: Uuid,
        _: &NewRefreshToken,
    ) -> Result<(), CredentialStoreError> {
        Ok(())
    }

    async fn rotate_refresh_token(
        &self,
        _: &SecretHash,
        _: &NewRefreshToken,
    ) -> Result<Rotation, CredentialStoreError> {
        Ok(Rotation::Refused)
    }

    async fn revoke_refresh_family(
        &self,
        _: &SecretHash,
        _: DateTime<Utc>,
    ) -> Result<(), CredentialStoreError> {
        Ok(())
    }

    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, CredentialStoreError> {
        Ok(Vec::new())
    }

    async fn add_first_signing_key(
        &self,
        _: &StoredSigningKey,
    ) -> Result<(), CredentialStoreError> {
        Ok(())
    }

    async fn record(&self, _: &SecurityEvent) -> Result<(), CredentialStoreError> {
        Ok(())
    }
}
