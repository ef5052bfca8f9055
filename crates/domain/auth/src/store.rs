use std::{error::Error, net::IpAddr};

use chrono::{DateTime, Utc};
use tenancy::{AdvertiserId, CampaignId, ClientId};
use uuid::Uuid;

use crate::{ApiKeyId, KeyId, KeyKind, PasswordHash, Role, SecondFactorStore, SecretHash};

/// A user as the control plane stores it. A description: it gives no access.
#[derive(Clone, Debug)]
pub struct StoredUser {
    /// The user.
    pub id: Uuid,
    /// The tenant; none for a platform admin.
    pub client_id: Option<ClientId>,
    /// The role.
    pub role: Role,
    /// The advertiser whose campaigns it sees, if the role is `advertiser`.
    pub advertiser_id: Option<AdvertiserId>,
    /// The hash of the password; none before a password is set.
    pub password_hash: Option<PasswordHash>,
    /// The user's token version: raised when the user is disabled or gets another role or password.
    pub token_version: u32,
}

/// A stored invitation that is neither accepted nor revoked.
#[derive(Clone, Debug)]
pub struct StoredInvitation {
    /// The invited user, who has no password.
    pub user: StoredUser,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// Whether it replaces a password that was reset, and does not let a new user join.
    pub is_reset: bool,
}

/// A stored API key that is not revoked. A description: it gives no access.
#[derive(Clone, Debug)]
pub struct StoredApiKey {
    /// The public part.
    pub id: ApiKeyId,
    /// The tenant.
    pub client_id: ClientId,
    /// Its purpose.
    pub kind: KeyKind,
    /// The hash of the secret.
    pub secret_hash: SecretHash,
    /// The secret before a rotation, if the key was rotated.
    pub former_secret: Option<FormerSecret>,
    /// The campaigns a `read` key is limited to.
    pub campaigns: Option<Vec<CampaignId>>,
    /// When it expires, if ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// The key's token version: raised when its campaigns change, and when it is rotated at once.
    pub version: u32,
}

/// The secret of a key before a rotation.
#[derive(Clone, Copy, Debug)]
pub struct FormerSecret {
    /// Its hash.
    pub hash: SecretHash,
    /// When it becomes invalid.
    pub valid_until: DateTime<Utc>,
}

/// A signing key as the control plane stores it: sealed.
#[derive(Clone, Debug)]
pub struct StoredSigningKey {
    /// The key's id.
    pub id: KeyId,
    /// The private key, opened by [`SigningKey::open`](crate::SigningKey::open).
    pub sealed_pkcs8: Vec<u8>,
    /// When it was created. The newest key signs; older keys verify until they are removed.
    pub created_at: DateTime<Utc>,
}

/// A refresh token to store.
#[derive(Clone, Copy, Debug)]
pub struct NewRefreshToken {
    /// Its hash.
    pub hash: SecretHash,
    /// When it is issued.
    pub issued_at: DateTime<Utc>,
    /// When it expires, used or not.
    pub expires_at: DateTime<Utc>,
}

/// A session to begin: a login.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id, in tokens and lists.
    pub id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// The hash of the password that the user has proved to know, or has just set.
    pub password: PasswordHash,
    /// When it ends, however often it is continued.
    pub ends_at: DateTime<Utc>,
    /// The address it was begun from.
    pub address: IpAddr,
    /// What the client calls itself, at most 200 characters.
    pub user_agent: Option<String>,
}

/// A session, for its user and the owners of the tenant.
#[derive(Clone, Debug)]
pub struct StoredSession {
    /// Its id.
    pub id: Uuid,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was last continued by a refresh.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it ends unless it is continued.
    pub expires_at: DateTime<Utc>,
    /// When it ends, however often it is continued.
    pub ends_at: DateTime<Utc>,
    /// The address it was begun from; none of an earlier build's session.
    pub address: Option<String>,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// When a spent refresh token was used again, which ended the session: somebody has a copy.
    pub reused_at: Option<DateTime<Utc>>,
}

/// Which sessions of a user to end.
#[derive(Clone, Copy, Debug)]
pub enum EndedSessions {
    /// This one.
    One(Uuid),
    /// All, except this one if it is given.
    AllExcept(Option<Uuid>),
}

/// A session that a refresh continues.
#[derive(Clone, Debug)]
pub struct ContinuedSession {
    /// The session.
    pub id: Uuid,
    /// Its user.
    pub user: StoredUser,
    /// When its new refresh token expires.
    pub expires_at: DateTime<Utc>,
    /// When it ends, however often it is continued.
    pub ends_at: DateTime<Utc>,
}

/// The session of a refresh token that was not spent yet.
#[derive(Clone, Debug)]
pub struct UnspentSession {
    /// The session.
    pub id: Uuid,
    /// Its user.
    pub user: StoredUser,
}

/// The outcome of presenting a refresh token.
#[derive(Clone, Debug)]
#[must_use]
pub enum Rotation {
    /// It was valid: it is spent now, and its successor is stored in the same family.
    Rotated(Box<ContinuedSession>),
    /// It was spent a moment ago. The answer is repeated with the successor from then, which is sealed
    /// with the presented token.
    Repeated(Box<ContinuedSession>, Vec<u8>),
    /// It was already spent: a copy exists, so the whole family was revoked.
    Reused {
        /// The user of the family.
        user_id: Uuid,
        /// The user's tenant; none for a platform admin.
        client_id: Option<ClientId>,
    },
    /// It is unknown, expired or revoked, or its user is disabled.
    Refused,
}

/// An entry for the append-only audit log.
#[derive(Clone, Debug)]
pub struct SecurityEvent {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The actor: `user:<id>` or `key:<id>`.
    pub actor: String,
    /// The tenant concerned; none for the platform.
    pub client_id: Option<ClientId>,
    /// The action, such as `login` or `refresh_reused`.
    pub action: &'static str,
}

/// The store could not answer; a retry can succeed.
#[derive(Debug, thiserror::Error)]
#[error("the credential store is unavailable")]
pub struct CredentialStoreError(#[source] pub Box<dyn Error + Send + Sync>);

/// The port through which credentials are looked up; the control plane implements it.
#[async_trait::async_trait]
pub trait CredentialStore: Send + Sync {
    /// Returns the version that a token of this user of `client_id` must have, or of this admin if it
    /// is none; none if there is no such user or it is disabled. A user of another tenant is no such
    /// user. May be cached until a change is announced.
    async fn user_version(
        &self,
        id: Uuid,
        client_id: Option<&ClientId>,
    ) -> Result<Option<u32>, CredentialStoreError>;

    /// Returns whether a session of this user has ended within the last hours, so that its access
    /// tokens are refused. May be cached likewise.
    async fn session_has_ended(
        &self,
        _user_id: Uuid,
        _session_id: Uuid,
    ) -> Result<bool, CredentialStoreError> {
        Ok(false)
    }

    /// Returns the key with this id, unless it is revoked. May be cached likewise.
    async fn api_key(&self, id: &ApiKeyId) -> Result<Option<StoredApiKey>, CredentialStoreError>;

    /// Notes that a key was used at `now`. Called often; the store writes it now and then.
    fn key_was_used(&self, _id: &ApiKeyId, _now: DateTime<Utc>) {}

    /// Returns a number that is another one after a change of any user or key is announced. `None`
    /// if changes are not announced: no answer may then be used twice.
    fn revision(&self) -> Option<u64> {
        None
    }
}

/// The port for logins, refreshes and logouts; the control plane implements it.
#[async_trait::async_trait]
pub trait SessionStore: SecondFactorStore {
    /// Returns the current user with this id, unless disabled.
    async fn user(&self, id: Uuid) -> Result<Option<StoredUser>, CredentialStoreError>;

    /// Returns the user of `tenant` with this email address, in lower case, unless disabled. Without a
    /// tenant: of the users with a password an admin, or else the oldest.
    async fn user_by_email(
        &self,
        email: &str,
        tenant: Option<&ClientId>,
    ) -> Result<Option<StoredUser>, CredentialStoreError>;

    /// Returns the invitation with this token hash, expired or not, unless its user is disabled.
    async fn invitation(
        &self,
        token: &SecretHash,
    ) -> Result<Option<StoredInvitation>, CredentialStoreError>;

    /// Spends an invitation that has not expired at `now` and sets its user's password, in one atomic
    /// step; none if another request was faster, or the invitation is no longer valid.
    async fn accept_invitation(
        &self,
        token: &SecretHash,
        password: &PasswordHash,
        now: DateTime<Utc>,
    ) -> Result<Option<StoredUser>, CredentialStoreError>;

    /// Replaces a user's password, and ends the user's sessions and tokens. Returns `false` if the
    /// stored password is no longer `former`, or the user is disabled.
    async fn change_password(
        &self,
        user_id: Uuid,
        former: &PasswordHash,
        password: &PasswordHash,
    ) -> Result<bool, CredentialStoreError>;

    /// Begins a session with its first refresh token. Returns `false` if the user's password is no longer
    /// that of the session, or the user is disabled: a login that is slower than a reset must not outlive it.
    async fn begin_session(
        &self,
        session: &NewSession,
        token: &NewRefreshToken,
    ) -> Result<bool, CredentialStoreError>;

    /// Returns the session that a refresh token would continue at `now`; none if the token is spent or not valid.
    async fn unspent_session(
        &self,
        presented: &SecretHash,
        now: DateTime<Utc>,
    ) -> Result<Option<UnspentSession>, CredentialStoreError>;

    /// Returns a user's sessions that have not ended at `now`, and those that ended because a spent
    /// refresh token was used again, latest first.
    async fn sessions(
        &self,
        user_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Vec<StoredSession>, CredentialStoreError>;

    /// Ends sessions of a user, and their access tokens. Returns how many it ended.
    async fn end_sessions(
        &self,
        user_id: Uuid,
        which: EndedSessions,
        now: DateTime<Utc>,
    ) -> Result<u64, CredentialStoreError>;

    /// Spends `presented` and stores `successor` in its family, in one atomic step. `sealed` is the
    /// successor, sealed with the presented token.
    ///
    /// A token that was spent less than ten seconds before `successor.issued_at` gets the successor
    /// from then: the answer was lost, or two tabs refreshed at once. A token spent earlier, or whose
    /// successor was spent too, revokes its family.
    async fn rotate_refresh_token(
        &self,
        presented: &SecretHash,
        successor: &NewRefreshToken,
        sealed: &[u8],
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

/// The port that stores the platform's signing keys; the control plane implements it.
#[async_trait::async_trait]
pub trait SigningKeyStore: Send + Sync {
    /// Returns every signing key, newest first.
    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, CredentialStoreError>;

    /// Stores `key` if there is none yet; otherwise does nothing, so that processes that start
    /// together agree on one key.
    async fn add_first_signing_key(
        &self,
        key: &StoredSigningKey,
    ) -> Result<(), CredentialStoreError>;
}
