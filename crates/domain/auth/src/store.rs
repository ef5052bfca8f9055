use std::error::Error;

use chrono::{DateTime, Utc};
use tenancy::{AdvertiserId, CampaignId, ClientId};
use uuid::Uuid;

use crate::{ApiKeyId, KeyId, KeyKind, PasswordHash, Role, SecretHash};

/// A user as the control plane keeps it. A description: it opens nothing.
#[derive(Clone, Debug)]
pub struct StoredUser {
    /// The user.
    pub id: Uuid,
    /// The tenant; none for a platform admin.
    pub client_id: Option<ClientId>,
    /// The role.
    pub role: Role,
    /// Whose campaigns it sees, when the role is `advertiser`.
    pub advertiser_id: Option<AdvertiserId>,
    /// What is kept of the password; none before one is set.
    pub password_hash: Option<PasswordHash>,
    /// The user's own token version: raised when the user is disabled or given another role.
    pub token_version: u32,
}

/// An invitation as the control plane keeps it: neither accepted nor revoked.
#[derive(Clone, Debug)]
pub struct StoredInvitation {
    /// Who was invited: somebody without a password.
    pub user: StoredUser,
    /// Good before then.
    pub expires_at: DateTime<Utc>,
}

/// An API key as the control plane keeps it: not revoked. A description: it opens nothing.
#[derive(Clone, Debug)]
pub struct StoredApiKey {
    /// The public part.
    pub id: ApiKeyId,
    /// The tenant.
    pub client_id: ClientId,
    /// What it is for.
    pub kind: KeyKind,
    /// What is kept of the secret.
    pub secret_hash: SecretHash,
    /// The campaigns a `read` key is limited to.
    pub campaigns: Option<Vec<CampaignId>>,
    /// When it ends, if ever.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A signing key as the control plane keeps it: sealed.
#[derive(Clone, Debug)]
pub struct StoredSigningKey {
    /// The key's name.
    pub id: KeyId,
    /// The private key, opened by [`SigningKey::open`](crate::SigningKey::open).
    pub sealed_pkcs8: Vec<u8>,
    /// The newest signs; the older ones verify until they are removed.
    pub created_at: DateTime<Utc>,
}

/// A refresh token to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewRefreshToken {
    /// What is kept of it.
    pub hash: SecretHash,
    /// When it is handed out.
    pub issued_at: DateTime<Utc>,
    /// When it ends, used or not.
    pub expires_at: DateTime<Utc>,
}

/// What became of a refresh token that was handed in.
#[derive(Clone, Debug)]
#[must_use]
pub enum Rotation {
    /// It was good: it is spent now, and the successor is kept in the same family.
    Rotated(Box<StoredUser>),
    /// Spent before: somebody holds a copy, so the whole family was revoked.
    Reused {
        /// Whose family.
        user_id: Uuid,
    },
    /// Unknown, ended, revoked, or its user is gone.
    Refused,
}

/// A line for the append-only audit log.
#[derive(Clone, Debug)]
pub struct SecurityEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: `user:<id>` or `key:<id>`.
    pub actor: String,
    /// Whose data; none for the platform's.
    pub client_id: Option<ClientId>,
    /// What, such as `login` or `refresh_reused`.
    pub action: &'static str,
}

/// The store could not answer; the question may be asked again.
#[derive(Debug, thiserror::Error)]
#[error("the credential store is unavailable")]
pub struct CredentialStoreError(#[source] pub Box<dyn Error + Send + Sync>);

/// The port through which credentials are looked up; the control plane implements it.
#[async_trait::async_trait]
pub trait CredentialStore: Send + Sync {
    /// The version that a token of this user must have; none when there is no such user, or the
    /// user is disabled. May be remembered for as long as nobody tells of a change.
    async fn user_version(&self, id: Uuid) -> Result<Option<u32>, CredentialStoreError>;

    /// The key with this id, unless revoked. May be remembered likewise.
    async fn api_key(&self, id: &ApiKeyId) -> Result<Option<StoredApiKey>, CredentialStoreError>;
}

/// The port through which people log in, stay so and log out; the control plane implements it.
#[async_trait::async_trait]
pub trait SessionStore: Send + Sync {
    /// The user with this id as it is now, unless disabled.
    async fn user(&self, id: Uuid) -> Result<Option<StoredUser>, CredentialStoreError>;

    /// The user with this address, in lower case, unless disabled.
    async fn user_by_email(&self, email: &str) -> Result<Option<StoredUser>, CredentialStoreError>;

    /// The invitation whose token has this hash, expired or not, unless its user is disabled.
    async fn invitation(
        &self,
        token: &SecretHash,
    ) -> Result<Option<StoredInvitation>, CredentialStoreError>;

    /// Spends an invitation that has not expired at `now` and sets its user's first password, in
    /// one atomic step; none when somebody was faster, or the invitation is no longer good.
    async fn accept_invitation(
        &self,
        token: &SecretHash,
        password: &PasswordHash,
        now: DateTime<Utc>,
    ) -> Result<Option<StoredUser>, CredentialStoreError>;

    /// Keeps the first refresh token of a new family: a login.
    async fn start_refresh_family(
        &self,
        user_id: Uuid,
        token: &NewRefreshToken,
    ) -> Result<(), CredentialStoreError>;

    /// Spends `presented` and keeps `successor` in its family, in one atomic step.
    ///
    /// A token that was spent less than ten seconds before `successor.issued_at` counts as good:
    /// the answer was lost, or two tabs asked at once. One spent earlier revokes its family.
    async fn rotate_refresh_token(
        &self,
        presented: &SecretHash,
        successor: &NewRefreshToken,
    ) -> Result<Rotation, CredentialStoreError>;

    /// Revokes the family of `presented`, if it is known: a logout.
    async fn revoke_refresh_family(
        &self,
        presented: &SecretHash,
        now: DateTime<Utc>,
    ) -> Result<(), CredentialStoreError>;

    /// Appends to the audit log.
    async fn record(&self, event: &SecurityEvent) -> Result<(), CredentialStoreError>;
}

/// The port through which the platform's signing keys are kept; the control plane implements it.
#[async_trait::async_trait]
pub trait SigningKeyStore: Send + Sync {
    /// Every signing key, newest first.
    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, CredentialStoreError>;

    /// Keeps `key` if there is none yet; otherwise does nothing, so that processes that start
    /// together agree on one.
    async fn add_first_signing_key(
        &self,
        key: &StoredSigningKey,
    ) -> Result<(), CredentialStoreError>;
}
