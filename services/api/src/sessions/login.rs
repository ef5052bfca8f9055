use std::net::IpAddr;

use aggregates::{Admission, account_hash};
use auth::{Password, StoredUser};
use chrono::{DateTime, Utc};
use problem::{Code, Problem};
use serde::Serialize;
use sha2::{Digest, Sha256};
use telemetry::Counter;
use tenancy::ClientId;
use utoipa::ToSchema;

use super::{Claimant, Sessions, TokenPair};
use crate::{caller::Device, failure::Failure};

/// An address, the password, and the tenant of a person who has accounts of several.
pub(crate) struct Attempt {
    pub(crate) email: String,
    pub(crate) tenant: Option<ClientId>,
    pub(crate) password: Password,
}

impl Attempt {
    fn email(&self) -> String {
        self.email.trim().to_lowercase()
    }

    /// Returns what failures are counted by: the account, or the address and tenant that have none. The same address
    /// has an account of each tenant, and a login of one must not end the delays of another.
    fn account(&self, user: Option<&StoredUser>) -> [u8; 32] {
        match user {
            Some(user) => account_hash(user.id),
            None => {
                let tenant = self.tenant.as_ref().map(ClientId::as_str).unwrap_or_default();
                let named = Sha256::new().chain_update(self.email()).chain_update([0]);
                named.chain_update(tenant).finalize().into()
            }
        }
    }
}

/// A session, and the recovery codes of a second factor that the login confirmed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoggedIn {
    #[serde(flatten)]
    session: TokenPair,
    /// Each is valid once, in place of a code of the app. They are shown only in the answer to the login
    /// that confirms a second factor.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recovery_codes: Vec<String>,
}

impl LoggedIn {
    pub(crate) fn client_id(&self) -> Option<&ClientId> {
        self.session.client_id()
    }

    pub(crate) fn pair(&mut self) -> &mut TokenPair {
        &mut self.session
    }
}

impl Sessions {
    /// Begins a session of a user with a password, and a `code` if the user has a second factor. The
    /// attempt comes from `device`.
    pub(crate) async fn login(
        &self,
        attempt: &Attempt,
        code: Option<&str>,
        device: Device,
        now: DateTime<Utc>,
    ) -> Result<LoggedIn, Failure> {
        let user = self.authenticate(attempt, device.address).await?;
        let recovery_codes = self.check_second_factor(&user, code, now).await?;
        self.succeeded(&user, device.address).await;
        let session = self.begin("login", &user, device, now).await?;
        Ok(LoggedIn { session, recovery_codes })
    }

    /// Notes that the attempt was no guess.
    pub(super) async fn succeeded(&self, user: &StoredUser, address: IpAddr) {
        self.aggregates.login_succeeded(&account_hash(user.id), address).await;
    }

    /// Returns the user with this address and password. A wrong address takes as long as a wrong
    /// password.
    pub(super) async fn authenticate(
        &self,
        attempt: &Attempt,
        address: IpAddr,
    ) -> Result<StoredUser, Failure> {
        let user = self.store.user_by_email(&attempt.email(), attempt.tenant.as_ref()).await?;
        let account = attempt.account(user.as_ref());
        admitted(self.aggregates.login_attempt(&account, address).await?)?;
        let hash = user.as_ref().and_then(|user| user.password_hash.clone());
        let claimant = Claimant { account: &account, address };
        let right = self.gate.verify(claimant, attempt.password.clone(), hash).await?;
        user.filter(|_| right).ok_or_else(|| {
            Counter::Logins.inc(&["refused"]);
            let detail = "The address or the password is wrong.";
            Problem::new(Code::CredentialInvalid, detail).into()
        })
    }
}

/// Refuses an attempt that comes too soon.
pub(super) fn admitted(admission: Admission) -> Result<(), Problem> {
    match admission {
        Admission::Admitted => Ok(()),
        Admission::RetryAfter(wait) => {
            Counter::Logins.inc(&["limited"]);
            let problem = Problem::new(Code::RateLimited, "Too many attempts to log in.");
            Err(problem.with_retry_after(wait))
        }
    }
}
