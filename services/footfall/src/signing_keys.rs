use std::{sync::Arc, time::Duration};

use auth::{
    Sealer, SigningKey, SigningKeyStore, SigningKeys, StoredSigningKey, TokenSigner, TokenVerifier,
};
use chrono::{TimeDelta, Utc};
use lifecycle::{BoxError, Lifecycle, every};

/// How often the signing keys are read: a removed one is refused that much later at the most.
const PERIOD: Duration = Duration::from_secs(5);

/// How long a round may take when the process stops.
const STOP_BUDGET: Duration = Duration::from_secs(1);

/// What follows the platform's signing keys while the process runs.
pub(crate) struct Followers {
    pub(crate) store: Arc<dyn SigningKeyStore>,
    pub(crate) sealer: Sealer,
    /// How long an access token is valid.
    pub(crate) lifetime: TimeDelta,
    pub(crate) signer: TokenSigner,
    pub(crate) verifier: TokenVerifier,
    /// The keys that the process began with.
    pub(crate) accepted: Vec<SigningKey>,
}

/// What the last rounds have read.
#[derive(Default)]
struct Known {
    stored: Vec<StoredSigningKey>,
    accepted: Vec<SigningKey>,
}

impl Followers {
    /// Follows the keys until `lifecycle` stops.
    pub(crate) fn start(mut self, lifecycle: &Lifecycle) {
        let token = lifecycle.token();
        lifecycle.spawn("signing keys", STOP_BUDGET, async move {
            let mut rounds = every(PERIOD, token, "read the signing keys");
            let accepted = std::mem::take(&mut self.accepted);
            let mut known = Known { accepted, ..Known::default() };
            while rounds.begin().await {
                rounds.run(self.round(&mut known)).await;
            }
            Ok(())
        });
    }

    /// Keys begin and end at their times also while they cannot be read.
    async fn round(&self, known: &mut Known) -> Result<(), BoxError> {
        let read = self.store.signing_keys().await.map(|stored| known.stored = stored);
        if !known.stored.is_empty() {
            // A removed key is refused at once, also if another one cannot be opened.
            let Known { stored, accepted } = known;
            let is_stored = |key: &SigningKey| stored.iter().any(|one| one.id == *key.id());
            if !accepted.iter().all(is_stored) {
                self.verifier.accept(accepted.iter().filter(|&key| is_stored(key)))?;
                accepted.retain(is_stored);
            }
            let keys = SigningKeys::at(stored, &self.sealer, self.lifetime, Utc::now())?;
            // A token is accepted before any is signed.
            self.verifier.accept(&keys.accepted)?;
            self.signer.sign_with(&keys.signing)?;
            known.accepted = keys.accepted;
        }
        Ok(read?)
    }
}
