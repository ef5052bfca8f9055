use aggregates::account_hash;
use auth::{Password, StoredUser};
use chrono::{DateTime, Utc};
use problem::{Code, Problem};
use uuid::Uuid;

use super::{Claimant, Sessions, TokenPair, login::admitted};
use crate::{caller::Device, failure::Failure};

impl Sessions {
    /// Replaces the password of `user_id`, who knows the `former` one, ends all its sessions and tokens,
    /// and begins another session. The attempt comes from `device`.
    pub(crate) async fn change_password(
        &self,
        user_id: Uuid,
        former: Password,
        password: String,
        device: Device,
        now: DateTime<Utc>,
    ) -> Result<TokenPair, Failure> {
        let password = Password::choose(password)
            .map_err(|error| Problem::field("/password", error.to_string()))?;
        // A stolen access token must not be a way to guess the password.
        let account = account_hash(user_id);
        admitted(self.aggregates.secret_attempt(&account, device.address).await?)?;
        let user = self.store.user(user_id).await?.ok_or_else(|| {
            Problem::new(Code::CredentialInvalid, "The user has just been disabled.")
        })?;
        let wrong = || Problem::field("/current_password", "is not the current password");
        let stored = user.password_hash.clone();
        let claimant = Claimant { account: &account, address: device.address };
        let right = self.gate.verify(claimant, former, stored.clone()).await?;
        let stored = stored.filter(|_| right).ok_or_else(wrong)?;
        let password = self.gate.hash(claimant, password).await?;
        match self.store.change_password(user_id, &stored, &password).await? {
            true => {
                self.aggregates.secret_succeeded(&account, device.address).await;
                let user = StoredUser { password_hash: Some(password), ..user };
                self.begin("password.change", &user, device, now).await
            }
            // Another request has changed it meanwhile.
            false => Err(wrong().into()),
        }
    }
}
