use auth::{ApiKeyId, KeyKind, SecretHash};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::FromRow;
use tenancy::{CampaignId, ClientId};

use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, pool::Transaction};

/// A key of a tenant, without its secret, which cannot be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The public part of the key.
    pub key_id: String,
    /// Its kind, which determines the permissions.
    pub kind: KeyKind,
    /// The tenant's name for it.
    pub name: String,
    /// The campaigns a `read` key is limited to; `None` for all.
    pub campaigns: Option<Vec<CampaignId>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it expires, if ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Until when the secret before its last rotation is valid, if it was rotated.
    pub former_valid_until: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What to change of a key; what is absent remains.
#[derive(Clone, Debug, Default)]
pub struct ApiKeyChange {
    /// The name.
    pub name: Option<String>,
    /// The campaigns a `read` key is limited to; `Some(None)` for all.
    pub campaigns: Option<Option<Vec<CampaignId>>>,
    /// When it expires; `Some(None)` for never.
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// A key to be created.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// The public part of the key.
    pub key_id: ApiKeyId,
    /// Its kind, which determines the permissions.
    pub kind: KeyKind,
    /// The tenant's name for it; unique among the keys in use.
    pub name: String,
    /// The stored hash of the secret.
    pub secret_hash: SecretHash,
    /// The campaigns a `read` key is limited to; `None` for all.
    pub campaigns: Option<Vec<CampaignId>>,
}

#[derive(FromRow)]
struct ApiKeyRow {
    key_id: String,
    kind: String,
    name: String,
    campaigns: Option<Vec<String>>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    former_valid_until: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

impl TryFrom<ApiKeyRow> for ApiKey {
    type Error = ControlPlaneError;

    fn try_from(row: ApiKeyRow) -> Result<Self, ControlPlaneError> {
        Ok(Self {
            key_id: row.key_id,
            kind: row.kind.parse().map_err(ControlPlaneError::corrupt("kind of key"))?,
            name: row.name,
            campaigns: row.campaigns.map(parse_campaigns).transpose()?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            former_valid_until: row.former_valid_until,
            last_used_at: row.last_used_at,
        })
    }
}

impl TenantControl {
    /// Returns the tenant's keys, by name, including revoked keys.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let keys = list(&mut transaction, self.client_id()).await?;
        transaction.commit().await?;
        Ok(keys)
    }

    /// Creates an API key, which expires at `expires_at`, if ever.
    pub async fn create_api_key(
        &self,
        actor: &str,
        key: &NewApiKey,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        create(&mut transaction, actor, self.client_id(), key, expires_at).await?;
        Ok(transaction.commit().await?)
    }

    /// Returns a key in use; `None` when the tenant has no such key.
    pub async fn api_key(&self, key_id: &ApiKeyId) -> Result<Option<ApiKey>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let key = find(&mut transaction, self.client_id(), key_id).await?;
        transaction.commit().await?;
        Ok(key)
    }

    /// Changes a key in use; `None` when the tenant has no such key. Tokens that were issued for other
    /// campaigns become invalid.
    pub async fn change_api_key(
        &self,
        actor: &str,
        key_id: &ApiKeyId,
        change: &ApiKeyChange,
    ) -> Result<Option<ApiKey>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let Some(before) = find(&mut transaction, self.client_id(), key_id).await? else {
            return Ok(None);
        };
        let campaigns = change.campaigns.clone().flatten();
        let campaigns: Option<Vec<_>> =
            campaigns.map(|ids| ids.iter().map(|id| id.as_str().to_owned()).collect());
        let row: ApiKeyRow = sqlx::query_as(sql!("api_key/change"))
            .bind(self.client_id().as_str())
            .bind(key_id.as_str())
            .bind(&change.name)
            .bind(change.campaigns.is_some())
            .bind(campaigns)
            .bind(change.expires_at.is_some())
            .bind(change.expires_at.flatten())
            .fetch_one(&mut transaction)
            .await?;
        let after = ApiKey::try_from(row)?;
        let entry = AuditEntry {
            action: "api_key.change",
            client_id: Some(self.client_id()),
            subject: &format!("key:{key_id}"),
            detail: json!({ "before": audited(&before), "after": audited(&after) }),
        };
        audit::append(&mut transaction, actor, &entry).await?;
        transaction.commit().await?;
        Ok(Some(after))
    }

    /// Gives a key in use another secret at `now`; `None` when the tenant has no such key. The former
    /// secret is valid until `former_valid_until`; one from an earlier rotation no longer is.
    pub async fn rotate_api_key(
        &self,
        actor: &str,
        key_id: &ApiKeyId,
        secret_hash: &SecretHash,
        former_valid_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<ApiKey>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<ApiKeyRow> = sqlx::query_as(sql!("api_key/rotate"))
            .bind(self.client_id().as_str())
            .bind(key_id.as_str())
            .bind(&secret_hash.as_bytes()[..])
            .bind(former_valid_until)
            .bind(now)
            .fetch_optional(&mut transaction)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let entry = AuditEntry {
            action: "api_key.rotate",
            client_id: Some(self.client_id()),
            subject: &format!("key:{key_id}"),
            detail: json!({ "former_valid_until": former_valid_until }),
        };
        audit::append(&mut transaction, actor, &entry).await?;
        transaction.commit().await?;
        Ok(Some(row.try_into()?))
    }

    /// Revokes a key; `false` when the tenant has no such key in use.
    pub async fn revoke_api_key(
        &self,
        actor: &str,
        key_id: &ApiKeyId,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let found =
            revoke(&mut transaction, actor, self.client_id(), key_id, &KeyKind::ALL).await?;
        transaction.commit().await?;
        Ok(found)
    }
}

/// Returns what the audit log says of a key.
fn audited(key: &ApiKey) -> serde_json::Value {
    json!({ "name": key.name, "campaigns": key.campaigns, "expires_at": key.expires_at })
}

async fn find(
    transaction: &mut Transaction,
    client_id: &ClientId,
    key_id: &ApiKeyId,
) -> Result<Option<ApiKey>, ControlPlaneError> {
    let row: Option<ApiKeyRow> = sqlx::query_as(sql!("api_key/find"))
        .bind(client_id.as_str())
        .bind(key_id.as_str())
        .fetch_optional(transaction)
        .await?;
    row.map(ApiKey::try_from).transpose()
}

/// Revokes a key if it is of one of these kinds.
pub(crate) async fn revoke(
    transaction: &mut Transaction,
    actor: &str,
    client_id: &ClientId,
    key_id: &ApiKeyId,
    kinds: &[KeyKind],
) -> Result<bool, ControlPlaneError> {
    let kinds: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
    let revoked = sqlx::query(sql!("api_key/revoke"))
        .bind(client_id.as_str())
        .bind(key_id.as_str())
        .bind(kinds)
        .execute(&mut *transaction)
        .await?;
    let found = revoked.rows_affected() == 1;
    if found {
        let entry = AuditEntry {
            action: "api_key.revoke",
            client_id: Some(client_id),
            subject: &format!("key:{key_id}"),
            detail: json!({}),
        };
        audit::append(transaction, actor, &entry).await?;
    }
    Ok(found)
}

pub(crate) async fn list(
    transaction: &mut Transaction,
    client_id: &ClientId,
) -> Result<Vec<ApiKey>, ControlPlaneError> {
    let rows: Vec<ApiKeyRow> = sqlx::query_as(sql!("api_key/list"))
        .bind(client_id.as_str())
        .fetch_all(transaction)
        .await?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

pub(crate) async fn create(
    transaction: &mut Transaction,
    actor: &str,
    client_id: &ClientId,
    key: &NewApiKey,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(), ControlPlaneError> {
    let campaigns: Option<Vec<_>> =
        key.campaigns.as_ref().map(|ids| ids.iter().map(CampaignId::as_str).collect());
    sqlx::query(sql!("api_key/create"))
        .bind(client_id.as_str())
        .bind(key.key_id.as_str())
        .bind(key.kind.as_str())
        .bind(&key.name)
        .bind(&key.secret_hash.as_bytes()[..])
        .bind(campaigns)
        .bind(expires_at)
        .execute(&mut *transaction)
        .await?;
    let entry = AuditEntry {
        action: "api_key.create",
        client_id: Some(client_id),
        subject: &format!("key:{}", key.key_id),
        detail: json!({
            "kind": key.kind,
            "name": key.name,
            "campaigns": key.campaigns,
            "expires_at": expires_at,
        }),
    };
    audit::append(transaction, actor, &entry).await
}

pub(crate) fn parse_campaigns(ids: Vec<String>) -> Result<Vec<CampaignId>, ControlPlaneError> {
    let ids: Result<_, _> = ids.iter().map(|id| id.parse()).collect();
    ids.map_err(ControlPlaneError::corrupt("campaign id"))
}
