use aggregates::account_hash;
use auth::{InvitationToken, Password};
use chrono::{DateTime, Utc};
use problem::{Code, Problem};

use super::{Claimant, Sessions, TokenPair, login::admitted};
use crate::{caller::Device, failure::Failure};

impl Sessions {
    /// Spends an invitation, or the token of a reset, sets its user's `password`, and begins a session. The attempt comes
    /// from `device`.
    pub(crate) async fn accept_invitation(
        &self,
        presented: &str,
        password: String,
        device: Device,
        now: DateTime<Utc>,
    ) -> Result<TokenPair, Failure> {
        let password = Password::choose(password)
            .map_err(|error| Problem::field("/password", error.to_string()))?;
        let token: InvitationToken = presented.parse().map_err(|_| refused())?;
        let hash = token.hash();
        admitted(self.aggregates.secret_attempt(hash.as_bytes(), device.address).await?)?;
        let invitation = self.store.invitation(&hash).await?.ok_or_else(refused)?;
        if invitation.expires_at <= now {
            let detail = "The invitation or reset has expired. Ask for a new one.";
            return Err(Problem::new(Code::TokenExpired, detail).into());
        }
        if let Some(client_id) = &invitation.user.client_id {
            // While the tenant is suspended, the invitation remains valid for later.
            self.client(client_id, false).await?;
        }
        let claimant = Claimant { account: hash.as_bytes(), address: device.address };
        let password = self.gate.hash(claimant, password).await?;
        let accepted = self.store.accept_invitation(&hash, &password, now).await?;
        let user = accepted.ok_or_else(refused)?;
        self.aggregates.secret_succeeded(&account_hash(user.id), device.address).await;
        if self.has_second_factor(&user).await? {
            let detail =
                "The password is set. Log in with it, and with a code of the second factor.";
            return Err(Problem::new(Code::SecondFactorRequired, detail).into());
        }
        let action = if invitation.is_reset { "password.reset" } else { "invitation.accept" };
        self.begin(action, &user, device, now).await
    }
}

/// Returns the same answer for every wrong token, which does not reveal whether it ever existed.
fn refused() -> Problem {
    let detail =
        "The invitation is not valid: it was accepted, renewed or revoked, or never existed.";
    Problem::new(Code::CredentialInvalid, detail)
}
