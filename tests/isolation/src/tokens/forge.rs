use auth::{KeyEncryptionKey, SealedField, Sealer, SigningKeyStore};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use control_plane::ControlPlane;
use ed25519_dalek::{Signer, SigningKey, pkcs8::DecodePrivateKey};
use serde_json::{Map, Value, json};
use testkit::setting;

use crate::{
    Failure,
    stand::{Shop, Stand},
};

/// Makes tokens of any header and claims, signed by the platform's own key: so that what is refused is refused for one
/// reason only.
pub(super) struct Forge {
    key: SigningKey,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Forge {
    /// Opens the platform's key, and takes apart the token of a tenant's owner.
    pub(super) async fn of(stand: &Stand, shop: &Shop) -> Result<Self, Failure> {
        let control_plane = ControlPlane::connect(&stand.platform.postgres()).await?;
        let key: KeyEncryptionKey = setting("FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY").parse()?;
        let sealer = Sealer::with_keys(key, Vec::new());
        let keys = control_plane.signing_keys().await?;
        let newest = keys.first().ok_or("the platform has no signing key")?;
        let field = SealedField {
            purpose: "signing_key",
            tenant: "",
            row: newest.id.as_str(),
            field: "pkcs8",
        };
        let pkcs8 = sealer.open(field, &newest.sealed_pkcs8)?;
        let key = SigningKey::from_pkcs8_der(&pkcs8).map_err(|_| "not a signing key")?;
        Self::new(key, &shop.tenant.owner)
    }

    /// Signs by `key` what `token` says.
    pub(super) fn new(key: SigningKey, token: &str) -> Result<Self, Failure> {
        let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part));
        let mut next = || -> Result<Map<String, Value>, Failure> {
            Ok(serde_json::from_slice(&parts.next().ok_or("a token without parts")??)?)
        };
        Ok(Self { key, header: next()?, claims: next()? })
    }

    /// Returns the header, with these fields in addition; `null` removes one.
    pub(super) fn header(&self, changes: Value) -> String {
        changed(&self.header, changes)
    }

    /// Returns the claims, with these in addition; `null` removes one.
    pub(super) fn claims(&self, changes: Value) -> String {
        changed(&self.claims, changes)
    }

    /// Returns a claim.
    pub(super) fn claim(&self, name: &str) -> Value {
        self.claims.get(name).cloned().unwrap_or_default()
    }

    /// Returns the public key's bytes, which everybody may read.
    pub(super) fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// Returns a good token.
    pub(super) fn good(&self) -> String {
        self.signed(&self.header(json!({})), &self.claims(json!({})))
    }

    /// Signs a header and claims, whatever they are.
    pub(super) fn signed(&self, header: &str, claims: &str) -> String {
        signed_by(&self.key, header, claims)
    }
}

/// Signs a header and claims by `key`.
pub(super) fn signed_by(key: &SigningKey, header: &str, claims: &str) -> String {
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = key.sign(text.as_bytes()).to_bytes();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn changed(fields: &Map<String, Value>, changes: Value) -> String {
    let mut fields = fields.clone();
    for (name, value) in changes.as_object().into_iter().flatten() {
        match value {
            Value::Null => fields.remove(name),
            value => fields.insert(name.clone(), value.clone()),
        };
    }
    Value::Object(fields).to_string()
}
