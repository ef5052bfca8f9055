use auth::{SigningKey, SigningKeyError, TokenSigner, TokenVerifier};
use chrono::TimeDelta;
use serde::Deserialize;
use settings::InvalidSetting;

/// The section `[tokens]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// The `iss` of access tokens: the public address of this platform.
    pub issuer: String,
    /// The `aud` of access tokens.
    pub audience: String,
    /// How long an access token is valid, in seconds.
    pub access_seconds: u32,
    /// How long an unused refresh token is valid, in days.
    pub refresh_days: u32,
    /// How long a session lasts, however often it is continued, in days.
    pub session_days: u32,
}

impl TokenSettings {
    /// Validates the values.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if self.issuer.is_empty() {
            return Err(InvalidSetting::new("tokens.issuer", "must not be empty"));
        }
        if self.audience.is_empty() {
            return Err(InvalidSetting::new("tokens.audience", "must not be empty"));
        }
        if !(10..=3600).contains(&self.access_seconds) {
            return Err(InvalidSetting::new("tokens.access_seconds", "must be 10 to 3600"));
        }
        if !(1..=365).contains(&self.refresh_days) {
            return Err(InvalidSetting::new("tokens.refresh_days", "must be 1 to 365"));
        }
        if !(1..=365).contains(&self.session_days) {
            return Err(InvalidSetting::new("tokens.session_days", "must be 1 to 365"));
        }
        Ok(())
    }

    /// Returns how long an access token is valid.
    pub fn access_lifetime(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.access_seconds))
    }

    /// Returns how long an unused refresh token is valid.
    pub fn refresh_lifetime(&self) -> TimeDelta {
        TimeDelta::days(i64::from(self.refresh_days))
    }

    /// Returns how long a session lasts, however often it is continued.
    pub fn session_lifetime(&self) -> TimeDelta {
        TimeDelta::days(i64::from(self.session_days))
    }

    /// Creates a signer that signs with `key`.
    pub fn signer(&self, key: &SigningKey) -> Result<TokenSigner, SigningKeyError> {
        TokenSigner::new(key, &self.issuer, &self.audience, self.access_lifetime())
    }

    /// Creates a verifier that accepts tokens signed by any of `keys`.
    pub fn verifier(&self, keys: &[SigningKey]) -> Result<TokenVerifier, SigningKeyError> {
        TokenVerifier::new(keys, &self.issuer, &self.audience)
    }
}
