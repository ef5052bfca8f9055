use auth::{RecoveryCode, Role, StoredSecondFactor, StoredUser, Subject, TotpSecret};
use chrono::{DateTime, Utc};
use problem::{Code, Problem};
use serde::Serialize;
use telemetry::Counter;
use utoipa::ToSchema;

use super::{Attempt, Sessions};
use crate::{caller::Device, failure::Failure};

/// How many recovery codes a user gets.
const RECOVERY_CODES: usize = 10;

/// A second factor to confirm.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Enrolment {
    /// The secret in base32, to type into an authenticator app. It is shown only in this answer.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// The same for a QR code.
    #[schema(
        example = "otpauth://totp/Footfall?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Footfall"
    )]
    uri: String,
}

impl Sessions {
    /// Makes a second factor for a user who has none. The next login with a code confirms it.
    pub(crate) async fn enrol(
        &self,
        attempt: &Attempt,
        device: &Device,
        now: DateTime<Utc>,
    ) -> Result<Enrolment, Failure> {
        let user = self.authenticate(attempt, device.address).await?;
        let secret = TotpSecret::generate()?;
        let sealed = secret.seal(&self.sealer, tenant(&user), user.id);
        let sealed = sealed.map_err(Problem::internal)?;
        if !self.store.put_second_factor(user.id, &sealed).await? {
            let detail = "The user has a second factor. Remove it first.";
            return Err(Problem::new(Code::AlreadyExists, detail).into());
        }
        self.succeeded(&user, device.address).await;
        let subject = Subject::User(user.id);
        self.record("second_factor.enrol", subject, user.client_id.as_ref(), now).await?;
        let secret = secret.reveal();
        let uri = format!("otpauth://totp/Footfall?secret={secret}&issuer=Footfall");
        Ok(Enrolment { secret, uri })
    }

    /// Removes the second factor of a user who has a code of it.
    pub(crate) async fn remove_second_factor(
        &self,
        attempt: &Attempt,
        code: &str,
        device: &Device,
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let user = self.authenticate(attempt, device.address).await?;
        let factor = self.store.second_factor(user.id).await?;
        let factor = factor.filter(|factor| factor.is_confirmed).ok_or_else(without)?;
        self.spend(&user, &factor, code, now).await?;
        self.succeeded(&user, device.address).await;
        self.store.remove_second_factor(user.id).await?;
        let subject = Subject::User(user.id);
        self.record("second_factor.remove", subject, user.client_id.as_ref(), now).await
    }

    /// Checks the second factor of a user whose password is right. Returns the recovery codes if `code`
    /// confirms it.
    pub(super) async fn check_second_factor(
        &self,
        user: &StoredUser,
        code: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, Failure> {
        let factor = self.store.second_factor(user.id).await?;
        match (factor, code) {
            (Some(factor), None) if factor.is_confirmed => {
                let detail = "Send the login again with the `code` that your app shows.";
                Err(Problem::new(Code::SecondFactorRequired, detail).into())
            }
            (_, None) => Ok(Vec::new()),
            (None, Some(_)) => Err(without().into()),
            (Some(factor), Some(code)) if factor.is_confirmed => {
                self.spend(user, &factor, code, now).await?;
                Ok(Vec::new())
            }
            (Some(factor), Some(code)) => self.confirm(user, &factor, code, now).await,
        }
    }

    /// Refuses an owner without a second factor, if the tenant requires one.
    pub(super) async fn check_requirement(&self, user: &StoredUser) -> Result<(), Failure> {
        let Some(client_id) = user.client_id.as_ref().filter(|_| user.role == Role::Owner) else {
            return Ok(());
        };
        if self.store.owners_need_second_factor(client_id).await?
            && !self.has_second_factor(user).await?
        {
            let detail = "The tenant requires a second factor of its owners. \
                Set one up: POST /v1/auth/second-factor.";
            return Err(Problem::new(Code::SecondFactorMissing, detail).into());
        }
        Ok(())
    }

    /// Returns whether the user has confirmed a second factor.
    pub(crate) async fn has_second_factor(&self, user: &StoredUser) -> Result<bool, Failure> {
        let factor = self.store.second_factor(user.id).await?;
        Ok(factor.is_some_and(|factor| factor.is_confirmed))
    }

    async fn confirm(
        &self,
        user: &StoredUser,
        factor: &StoredSecondFactor,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, Failure> {
        let step = self.secret(user, factor)?.step_of(code.trim(), now).ok_or_else(wrong)?;
        let codes = (0..RECOVERY_CODES).map(|_| RecoveryCode::generate());
        let codes: Vec<RecoveryCode> = codes.collect::<Result<_, _>>()?;
        let hashes: Vec<_> = codes.iter().map(|code| code.hash(user.id)).collect();
        let sealed = &factor.secret_sealed;
        let password = user.password_hash.as_ref().ok_or_else(wrong)?;
        let confirmed =
            self.store.confirm_second_factor(user.id, password, sealed, step, &hashes, now);
        if !confirmed.await? {
            return Err(wrong().into());
        }
        let subject = Subject::User(user.id);
        self.record("second_factor.confirm", subject, user.client_id.as_ref(), now).await?;
        Ok(codes.iter().map(RecoveryCode::reveal).collect())
    }

    /// Spends a code of the app, or a recovery code.
    async fn spend(
        &self,
        user: &StoredUser,
        factor: &StoredSecondFactor,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        if let Some(locked_until) = self.store.begin_code_attempt(user.id, now).await? {
            Counter::Logins.inc(&["limited"]);
            let wait = (locked_until - now).to_std().unwrap_or_default();
            let problem = Problem::new(Code::RateLimited, "Too many wrong codes.");
            return Err(problem.with_retry_after(wait).into());
        }
        let spent = if let Some(step) = self.secret(user, factor)?.step_of(code.trim(), now) {
            self.store.spend_step(user.id, step).await?
        } else if let Ok(code) = code.parse::<RecoveryCode>() {
            let subject = Subject::User(user.id);
            let spent = self.store.spend_recovery_code(user.id, &code.hash(user.id)).await?;
            if spent {
                let client_id = user.client_id.as_ref();
                self.record("second_factor.recover", subject, client_id, now).await?;
            }
            spent
        } else {
            false
        };
        if spent { Ok(()) } else { Err(wrong().into()) }
    }

    fn secret(
        &self,
        user: &StoredUser,
        factor: &StoredSecondFactor,
    ) -> Result<TotpSecret, Problem> {
        let opened = TotpSecret::open(&factor.secret_sealed, &self.sealer, tenant(user), user.id);
        opened.map_err(Problem::internal)
    }
}

fn tenant(user: &StoredUser) -> &str {
    user.client_id.as_ref().map(|id| id.as_str()).unwrap_or_default()
}

fn wrong() -> Problem {
    Problem::new(Code::CredentialInvalid, "The code is wrong, or was used already.")
}

fn without() -> Problem {
    Problem::field("/code", "must be absent: the user has no second factor")
}
