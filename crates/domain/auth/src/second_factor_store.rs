use chrono::{DateTime, Utc};
use tenancy::ClientId;
use uuid::Uuid;

use crate::{CredentialStoreError, PasswordHash, SecretHash};

/// The second factor of a user as the control plane stores it: sealed.
#[derive(Clone, Debug)]
pub struct StoredSecondFactor {
    /// The secret, opened by [`TotpSecret::open`](crate::TotpSecret::open).
    pub secret_sealed: Vec<u8>,
    /// Whether a code has proved that the user's app has the secret.
    pub is_confirmed: bool,
}

/// The port for second factors; the control plane implements it.
#[async_trait::async_trait]
pub trait SecondFactorStore: Send + Sync {
    /// Returns a user's second factor, confirmed or not.
    async fn second_factor(
        &self,
        user_id: Uuid,
    ) -> Result<Option<StoredSecondFactor>, CredentialStoreError>;

    /// Stores a second factor to confirm, in place of one that was not confirmed; `false` if the user
    /// has a confirmed one.
    async fn put_second_factor(
        &self,
        user_id: Uuid,
        secret_sealed: &[u8],
    ) -> Result<bool, CredentialStoreError>;

    /// Confirms the second factor with this sealed secret by the code of a time step, and stores
    /// recovery codes; `false` if it was confirmed or replaced meanwhile, or the user's password is no longer
    /// `password`.
    async fn confirm_second_factor(
        &self,
        user_id: Uuid,
        password: &PasswordHash,
        secret_sealed: &[u8],
        step: i64,
        codes: &[SecretHash],
        now: DateTime<Utc>,
    ) -> Result<bool, CredentialStoreError>;

    /// Counts an attempt to present a code, at `now`. It counts as failed until a code is spent. After five failures
    /// returns until when no attempt is admitted; none if this one is.
    async fn begin_code_attempt(
        &self,
        user_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, CredentialStoreError>;

    /// Spends the code of a time step; `false` if it, or a later one, was spent.
    async fn spend_step(&self, user_id: Uuid, step: i64) -> Result<bool, CredentialStoreError>;

    /// Spends a recovery code; `false` if the user has no such code.
    async fn spend_recovery_code(
        &self,
        user_id: Uuid,
        code: &SecretHash,
    ) -> Result<bool, CredentialStoreError>;

    /// Removes a user's second factor and recovery codes; `false` if there is none.
    async fn remove_second_factor(&self, user_id: Uuid) -> Result<bool, CredentialStoreError>;

    /// Returns whether the owners of a tenant need a second factor.
    async fn owners_need_second_factor(
        &self,
        client_id: &ClientId,
    ) -> Result<bool, CredentialStoreError>;
}
