use std::sync::{Arc, atomic::Ordering};

use auth::{
    ApiKey, Authority, Grant, KeyKind, Principal, Role, StoredApiKey, Subject, TokenSigner,
};
use chrono::{TimeDelta, Utc};
use uuid::Uuid;

use super::Stand;

impl Stand {
    pub(in crate::live::tests) fn revoke_tokens(&self) {
        self.known.revocations.fetch_add(1, Ordering::Relaxed);
    }

    /// Makes the one key of `acme`.
    pub(in crate::live::tests) fn make_key(&self, lifetime: Option<TimeDelta>) -> String {
        let key = ApiKey::generate(KeyKind::Read).unwrap();
        *self.known.key.lock().unwrap() = Some(StoredApiKey {
            id: key.id().clone(),
            client_id: "acme".parse().unwrap(),
            kind: KeyKind::Read,
            secret_hash: key.secret_hash(),
            former_secret: None,
            campaigns: None,
            version: 1,
            expires_at: lifetime.map(|lifetime| Utc::now() + lifetime),
        });
        key.reveal()
    }

    pub(in crate::live::tests) async fn principal(&self, credential: &str) -> Arc<Principal> {
        self.state.principal(credential, Utc::now()).await.unwrap()
    }

    pub(in crate::live::tests) fn revoke_key(&self) {
        *self.known.key.lock().unwrap() = None;
    }

    pub(in crate::live::tests) fn disable_user(&self, user: Uuid) {
        *self.known.disabled.lock().unwrap() = Some(user);
    }

    pub(in crate::live::tests) fn token_for(&self, client: &str, lifetime: TimeDelta) -> String {
        self.token_of(Uuid::now_v7(), client, lifetime)
    }

    pub(in crate::live::tests) fn token_of(
        &self,
        user: Uuid,
        client: &str,
        lifetime: TimeDelta,
    ) -> String {
        let signer = TokenSigner::new(&self.key, "footfall", "api", lifetime).unwrap();
        let grant = Grant {
            subject: Subject::User(user),
            client: Some((client.parse().unwrap(), client.to_owned())),
            authority: Authority::Role(Role::Analyst),
            advertiser_id: None,
            campaigns: None,
            token_version: 1,
            subject_version: Some(1),
            session_id: None,
        };
        signer.issue(grant, Utc::now()).unwrap().token
    }
}
