//! Implements the ports of `auth` through which logins, keys and tokens are read.

mod invitations;
pub(crate) mod key_uses;
mod keys;
mod refresh;
mod second_factors;
pub(crate) mod sessions;
mod signing;
mod users;

use auth::{
    ApiKeyId, CredentialStore, CredentialStoreError, EndedSessions, NewRefreshToken, NewSession,
    PasswordHash, Rotation, SecretHash, SecurityEvent, SessionStore, SigningKeyStore, StoredApiKey,
    StoredInvitation, StoredSession, StoredSigningKey, StoredUser, UnspentSession,
};
use chrono::{DateTime, Utc};
use tenancy::ClientId;
use uuid::Uuid;

use crate::{ControlPlane, ControlPlaneError, audit::SourceColumns};

pub(crate) use key_uses::KeyUses;
pub(crate) use keys::KeyCache;
pub(crate) use users::VersionCache;

impl From<ControlPlaneError> for CredentialStoreError {
    fn from(error: ControlPlaneError) -> Self {
        Self(error.into())
    }
}

#[async_trait::async_trait]
impl CredentialStore for ControlPlane {
    async fn user_version(
        &self,
        id: Uuid,
        client_id: Option<&ClientId>,
    ) -> Result<Option<u32>, CredentialStoreError> {
        let standing = users::standing(self, id).await?;
        let own = standing.filter(|standing| standing.client_id.as_ref() == client_id);
        Ok(own.map(|standing| standing.version))
    }

    async fn session_has_ended(
        &self,
        user_id: Uuid,
        session_id: Uuid,
    ) -> Result<bool, CredentialStoreError> {
        let standing = users::standing(self, user_id).await?;
        Ok(standing.is_none_or(|standing| standing.ended_sessions.contains(&session_id)))
    }

    async fn api_key(&self, id: &ApiKeyId) -> Result<Option<StoredApiKey>, CredentialStoreError> {
        let found = self.keys.0.get(id, keys::read(self, id)).await;
        found.map_err(|error| CredentialStoreError(error.into()))
    }

    fn key_was_used(&self, id: &ApiKeyId, now: DateTime<Utc>) {
        self.key_uses.note(id, now);
    }

    fn revision(&self) -> Option<u64> {
        Some(self.versions.0.revision().wrapping_add(self.keys.0.revision()))
    }
}

#[async_trait::async_trait]
impl SessionStore for ControlPlane {
    async fn user(&self, id: Uuid) -> Result<Option<StoredUser>, CredentialStoreError> {
        Ok(users::by_id(self, id).await?)
    }

    async fn user_by_email(
        &self,
        email: &str,
        tenant: Option<&ClientId>,
    ) -> Result<Option<StoredUser>, CredentialStoreError> {
        Ok(users::by_email(self, email, tenant).await?)
    }

    async fn invitation(
        &self,
        token: &SecretHash,
    ) -> Result<Option<StoredInvitation>, CredentialStoreError> {
        Ok(invitations::find(self, token).await?)
    }

    async fn accept_invitation(
        &self,
        token: &SecretHash,
        password: &PasswordHash,
        now: DateTime<Utc>,
    ) -> Result<Option<StoredUser>, CredentialStoreError> {
        Ok(invitations::accept(self, token, password, now).await?)
    }

    async fn change_password(
        &self,
        user_id: Uuid,
        former: &PasswordHash,
        password: &PasswordHash,
    ) -> Result<bool, CredentialStoreError> {
        Ok(users::change_password(self, user_id, former, password).await?)
    }

    async fn begin_session(
        &self,
        session: &NewSession,
        token: &NewRefreshToken,
    ) -> Result<bool, CredentialStoreError> {
        Ok(refresh::begin(self, session, token).await?)
    }

    async fn unspent_session(
        &self,
        presented: &SecretHash,
        now: DateTime<Utc>,
    ) -> Result<Option<UnspentSession>, CredentialStoreError> {
        Ok(refresh::unspent(self, presented, now).await?)
    }

    async fn sessions(
        &self,
        user_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Vec<StoredSession>, CredentialStoreError> {
        Ok(users::sessions(self, user_id, now).await?)
    }

    async fn end_sessions(
        &self,
        user_id: Uuid,
        which: EndedSessions,
        now: DateTime<Utc>,
    ) -> Result<u64, CredentialStoreError> {
        Ok(users::end_sessions(self, user_id, which, now).await?)
    }

    async fn rotate_refresh_token(
        &self,
        presented: &SecretHash,
        successor: &NewRefreshToken,
        sealed: &[u8],
    ) -> Result<Rotation, CredentialStoreError> {
        Ok(refresh::rotate(self, presented, successor, sealed).await?)
    }

    async fn revoke_refresh_family(
        &self,
        presented: &SecretHash,
        now: DateTime<Utc>,
    ) -> Result<(), CredentialStoreError> {
        Ok(refresh::revoke(self, presented, now).await?)
    }

    async fn record(&self, event: &SecurityEvent) -> Result<(), CredentialStoreError> {
        Ok(record(self, event).await?)
    }
}

#[async_trait::async_trait]
impl SigningKeyStore for ControlPlane {
    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, CredentialStoreError> {
        Ok(signing::list(self).await?)
    }

    async fn add_first_signing_key(
        &self,
        key: &StoredSigningKey,
    ) -> Result<(), CredentialStoreError> {
        Ok(signing::add_first(self, key).await?)
    }
}

async fn record(
    control_plane: &ControlPlane,
    event: &SecurityEvent,
) -> Result<(), ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let SourceColumns { address, request_id } = SourceColumns::current();
    sqlx::query(sql!("audit/record"))
        .bind(event.at)
        .bind(&event.actor)
        .bind(event.action)
        .bind(event.client_id.as_ref().map(ClientId::as_str))
        .bind(address)
        .bind(request_id)
        .execute(&mut transaction)
        .await?;
    Ok(transaction.commit().await?)
}
