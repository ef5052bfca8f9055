use std::net::IpAddr;

use auth::{Password, StoredUser};
use chrono::{DateTime, Utc};
use problem::{Code, Problem};
use serde::Serialize;
use sha2::{Digest, Sha256};
use telemetry::Counter;
use tenancy::ClientId;
use utoipa::ToSchema;

use super::{Sessions, TokenPair};
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

    /// Returns the account, by which failures are counted.
    fn account(&self) -> [u8; 32] {
        Sha256::digest(self.email()).into()
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
        self.succeeded(attempt, device.address).await;
        let session = self.begin("login", &user, device, now).await?;
        Ok(LoggedIn { session, recovery_codes })
    }

    /// Notes that the attempt was no guess.
    pub(super) async fn succeeded(&self, attempt: &Attempt, address: IpAddr) {
        self.aggregates.login_succeeded(&attempt.account(), address).await;
    }

    /// Returns the user with this address and password. A wrong address takes as long as a wrong
    /// password.
    pub(super) async fn authenticate(
        &self,
        attempt: &Attempt,
        address: IpAddr,
    ) -> Result<StoredUser, Failure> {
        self.admit(&attempt.account(), address).await?;
        let user = self.store.user_by_email(&attempt.email(), attempt.tenant.as_ref()).await?;
        let hash = user.as_ref().and_then(|user| user.password_hash.clone());
        let right = self.gate.verify(attempt.password.clone(), hash).await?;
        user.filter(|_| right).ok_or_else(|| {
            Counter::Logins.inc(&["refused"]);
            let detail = "The address or the password is wrong.";
            Problem::new(Code::CredentialInvalid, detail).into()
        })
    }
}
