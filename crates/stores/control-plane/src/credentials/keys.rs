use auth::{ApiKeyId, FormerSecret, SecretHash, StoredApiKey};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{ControlPlane, ControlPlaneError, cache::AnswerCache, tenant};

/// API keys, read for every request that contains one.
pub(crate) struct KeyCache(pub(crate) AnswerCache<ApiKeyId, StoredApiKey>);

impl Default for KeyCache {
    fn default() -> Self {
        Self(AnswerCache::new("keys", 100_000))
    }
}

#[derive(FromRow)]
struct KeyRow {
    client_id: String,
    kind: String,
    secret_hash: Vec<u8>,
    former_secret_hash: Option<Vec<u8>>,
    former_valid_until: Option<DateTime<Utc>>,
    campaigns: Option<Vec<String>>,
    expires_at: Option<DateTime<Utc>>,
    version: i32,
}

pub(super) async fn read(
    control_plane: &ControlPlane,
    id: &ApiKeyId,
) -> Result<Option<StoredApiKey>, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let row: Option<KeyRow> = sqlx::query_as(sql!("api_key/get"))
        .bind(id.as_str())
        .fetch_optional(&mut transaction)
        .await?;
    transaction.commit().await?;
    row.map(|row| stored(id, row)).transpose()
}

fn stored(id: &ApiKeyId, row: KeyRow) -> Result<StoredApiKey, ControlPlaneError> {
    let former = row.former_secret_hash.as_deref().map(secret_hash).transpose()?;
    Ok(StoredApiKey {
        id: id.clone(),
        client_id: row.client_id.parse().map_err(ControlPlaneError::corrupt("client id"))?,
        kind: row.kind.parse().map_err(ControlPlaneError::corrupt("kind of key"))?,
        secret_hash: secret_hash(&row.secret_hash)?,
        former_secret: former
            .zip(row.former_valid_until)
            .map(|(hash, valid_until)| FormerSecret { hash, valid_until }),
        campaigns: row.campaigns.map(tenant::api_keys::parse_campaigns).transpose()?,
        expires_at: row.expires_at,
        version: row.version.try_into().map_err(ControlPlaneError::corrupt("key version"))?,
    })
}

fn secret_hash(stored: &[u8]) -> Result<SecretHash, ControlPlaneError> {
    let bytes = <[u8; 32]>::try_from(stored);
    Ok(SecretHash::from_bytes(bytes.map_err(ControlPlaneError::corrupt("secret's hash"))?))
}
