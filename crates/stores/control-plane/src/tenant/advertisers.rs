use serde_json::json;
use sqlx::FromRow;
use tenancy::{AdvertiserId, ClientId};

use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, pool::Transaction};

/// A brand that runs campaigns with a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertiser {
    /// Its id.
    pub advertiser_id: AdvertiserId,
    /// Its display name.
    pub name: String,
}

#[derive(FromRow)]
struct AdvertiserRow {
    advertiser_id: String,
    name: String,
}

impl TenantControl {
    /// Returns the tenant's advertisers, by id.
    pub async fn advertisers(&self) -> Result<Vec<Advertiser>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let advertisers = list(&mut transaction, self.client_id()).await?;
        transaction.commit().await?;
        Ok(advertisers)
    }

    /// Creates or renames an advertiser.
    pub async fn put_advertiser(
        &self,
        actor: &str,
        advertiser: &Advertiser,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        put(&mut transaction, actor, self.client_id(), advertiser).await?;
        Ok(transaction.commit().await?)
    }
}

pub(crate) async fn list(
    transaction: &mut Transaction,
    client_id: &ClientId,
) -> Result<Vec<Advertiser>, ControlPlaneError> {
    let rows: Vec<AdvertiserRow> = sqlx::query_as(sql!("advertiser/list"))
        .bind(client_id.as_str())
        .fetch_all(transaction)
        .await?;
    rows.into_iter()
        .map(|row| {
            let advertiser_id = row.advertiser_id.parse();
            Ok(Advertiser {
                advertiser_id: advertiser_id
                    .map_err(ControlPlaneError::corrupt("advertiser id"))?,
                name: row.name,
            })
        })
        .collect()
}

pub(crate) async fn put(
    transaction: &mut Transaction,
    actor: &str,
    client_id: &ClientId,
    advertiser: &Advertiser,
) -> Result<(), ControlPlaneError> {
    sqlx::query(sql!("advertiser/put"))
        .bind(client_id.as_str())
        .bind(advertiser.advertiser_id.as_str())
        .bind(&advertiser.name)
        .execute(&mut *transaction)
        .await?;
    let entry = AuditEntry {
        action: "advertiser.put",
        client_id: Some(client_id),
        subject: advertiser.advertiser_id.as_str(),
        detail: json!({ "name": advertiser.name }),
    };
    audit::append(transaction, actor, &entry).await
}
