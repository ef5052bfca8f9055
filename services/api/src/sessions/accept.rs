use std::net::IpAddr;

use auth::{InvitationToken, Password};
use chrono::{DateTime, Utc};
use problem::{Code, Problem};

use super::{Sessions, TokenPair};
use crate::failure::Failure;

impl Sessions {
    /// A session for whoever holds an invitation, which is spent by it, and a first `password` that
    /// nobody else knows. The attempt comes from `address`.
    pub(crate) async fn accept_invitation(
        &self,
        presented: &str,
        password: String,
        address: IpAddr,
        now: DateTime<Utc>,
    ) -> Result<TokenPair, Failure> {
        let password = Password::choose(password)
            .map_err(|error| Problem::field("/password", error.to_string()))?;
        let token: InvitationToken = presented.parse().map_err(|_| void())?;
        let hash = token.hash();
        self.admit(hash.as_bytes(), address).await?;
        let invitation = self.store.invitation(&hash).await?.ok_or_else(void)?;
        if invitation.expires_at <= now {
            let detail = "The invitation has expired. Ask for a new one.";
            return Err(Problem::new(Code::TokenExpired, detail).into());
        }
        if let Some(client_id) = &invitation.user.client_id {
            // While the tenant is stopped, the invitation is kept for later.
            self.client(client_id).await?;
        }
        let password = self.gate.hash(password).await?;
        let accepted = self.store.accept_invitation(&hash, &password, now).await?;
        let user = accepted.ok_or_else(void)?;
        self.begin("invitation.accept", &user, now).await
    }
}

/// One answer for all that is wrong: nobody learns whether there was such an invitation.
fn void() -> Problem {
    let detail = "The invitation is not valid (any more): it was accepted, renewed or taken back.";
    Problem::new(Code::CredentialInvalid, detail)
}
