use auth::{ApiKeyId, SecretHash, StoredApiKey};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{ControlPlane, ControlPlaneError, cache::AnswerCache, tenant};

/// API keys, read for every request that contains one.
pub(crate) struct KeyCache(pub(crate) AnswerCache<ApiKeyId, StoredApiKey>);

impl Default for KeyCache {
    fn default() -> Self {
        Self(AnswerCache::new(100_000))
    }
}

#[derive(FromRow)]
struct KeyRow {
    client_id: String,
    kind: String,
    secret_hash: Vec<u8>,
    campaigns: Option<Vec<String>>,
    expires_at: Option<DateTime<Utc>>,
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
    let secret_hash = <[u8; 32]>::try_from(row.secret_hash.as_slice());
    Ok(StoredApiKey {
        id: id.clone(),
        client_id: row.client_id.parse().map_err(ControlPlaneError::corrupt("client id"))?,
        kind: row.kind.parse().map_err(ControlPlaneError::corrupt("kind of key"))?,
        secret_hash: SecretHash::from_bytes(
            secret_hash.map_err(ControlPlaneError::corrupt("secret's hash"))?,
        ),
        campaigns: row.campaigns.map(tenant::api_keys::parse_campaigns).transpose()?,
        expires_at: row.expires_at,
    })
}
