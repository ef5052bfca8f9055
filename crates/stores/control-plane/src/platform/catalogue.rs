use metrics::DeclaredDimension;
use serde_json::json;
use tenancy::{AdvertiserId, CampaignId, ClientId};

use crate::{
    Advertiser, ApiKey, AuditEntry, Campaign, ControlPlaneError, PlatformControl, User, audit,
    pool::Transaction, tenant,
};

/// The objects of a tenant, for an operator to compare with the intended ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// By id.
    pub advertisers: Vec<Advertiser>,
    /// Only the requested ones, by id; a retailer may have very many more.
    pub campaigns: Vec<Campaign>,
    /// By name.
    pub dimensions: Vec<DeclaredDimension>,
    /// By email.
    pub users: Vec<User>,
    /// By name, including revoked keys.
    pub keys: Vec<ApiKey>,
}

impl PlatformControl {
    /// Returns the objects of a tenant, and of its campaigns only the given ones.
    pub async fn inventory(
        &self,
        client_id: &ClientId,
        campaigns: &[CampaignId],
    ) -> Result<Inventory, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let inventory = Inventory {
            advertisers: tenant::advertisers::list(&mut transaction, client_id).await?,
            campaigns: find_campaigns(&mut transaction, client_id, campaigns).await?,
            dimensions: tenant::dimensions::list(&mut transaction, client_id).await?,
            users: tenant::users::list(&mut transaction, client_id).await?,
            keys: tenant::api_keys::list(&mut transaction, client_id).await?,
        };
        transaction.commit().await?;
        Ok(inventory)
    }

    /// Creates or renames an advertiser.
    pub async fn put_advertiser(
        &self,
        client_id: &ClientId,
        advertiser: &Advertiser,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let actor = self.context.actor();
        tenant::advertisers::put(&mut transaction, actor, client_id, advertiser).await?;
        Ok(transaction.commit().await?)
    }

    /// Declares a dimension of a tenant, or replaces the one of this name. The caller checks how many the
    /// tenant has.
    pub async fn declare_dimension(
        &self,
        client_id: &ClientId,
        dimension: &DeclaredDimension,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let actor = self.context.actor();
        let most = u32::MAX;
        tenant::dimensions::put(&mut transaction, actor, client_id, dimension, most).await?;
        Ok(transaction.commit().await?)
    }

    /// Declares a campaign before its first event, or changes its name and advertiser. Without
    /// `advertiser_id`, it keeps its advertiser.
    pub async fn put_campaign(
        &self,
        client_id: &ClientId,
        campaign_id: &CampaignId,
        name: &str,
        advertiser_id: Option<&AdvertiserId>,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("campaign/put"))
            .bind(client_id.as_str())
            .bind(campaign_id.as_str())
            .bind(name)
            .bind(advertiser_id.map(AdvertiserId::as_str))
            .execute(&mut transaction)
            .await?;
        let entry = AuditEntry {
            action: "campaign.put",
            client_id: Some(client_id),
            subject: campaign_id.as_str(),
            detail: json!({ "name": name, "advertiser_id": advertiser_id }),
        };
        audit::append(&mut transaction, self.context.actor(), &entry).await?;
        Ok(transaction.commit().await?)
    }
}

async fn find_campaigns(
    transaction: &mut Transaction,
    client_id: &ClientId,
    campaigns: &[CampaignId],
) -> Result<Vec<Campaign>, ControlPlaneError> {
    let ids: Vec<_> = campaigns.iter().map(CampaignId::as_str).collect();
    let rows: Vec<tenant::campaigns::CampaignRow> = sqlx::query_as(sql!("campaign/list"))
        .bind(client_id.as_str())
        .bind(None::<&str>)
        .bind(ids)
        .bind(None::<&str>)
        .bind(i64::MAX)
        .fetch_all(transaction)
        .await?;
    rows.into_iter().map(Campaign::try_from).collect()
}
