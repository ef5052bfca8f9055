use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::FromRow;
use tenancy::{AdvertiserId, CampaignId};

use crate::{AuditEntry, ControlPlaneError, TenantControl, audit};

/// A campaign of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Its id, as events carry it.
    pub campaign_id: CampaignId,
    /// The name people know it by; the id until someone names it.
    pub name: String,
    /// Whose it is; `None` until the owner assigns it.
    pub advertiser_id: Option<AdvertiserId>,
    /// When it first stood in an event; `None` for one that is only declared.
    pub first_seen: Option<DateTime<Utc>>,
}

/// Which campaigns the reader may see.
#[derive(Clone, Copy, Debug, Default)]
pub struct CampaignFilter<'a> {
    /// Only this advertiser's.
    pub advertiser: Option<&'a AdvertiserId>,
    /// Only these; an empty list means none.
    pub campaigns: Option<&'a [CampaignId]>,
}

#[derive(FromRow)]
pub(crate) struct CampaignRow {
    campaign_id: String,
    name: String,
    advertiser_id: Option<String>,
    first_seen: Option<DateTime<Utc>>,
}

impl TryFrom<CampaignRow> for Campaign {
    type Error = ControlPlaneError;

    fn try_from(row: CampaignRow) -> Result<Self, ControlPlaneError> {
        let advertiser_id = row.advertiser_id.as_deref().map(str::parse).transpose();
        Ok(Self {
            campaign_id: row
                .campaign_id
                .parse()
                .map_err(ControlPlaneError::corrupt("campaign id"))?,
            name: row.name,
            advertiser_id: advertiser_id.map_err(ControlPlaneError::corrupt("advertiser id"))?,
            first_seen: row.first_seen,
        })
    }
}

impl CampaignFilter<'_> {
    fn advertiser(&self) -> Option<&str> {
        self.advertiser.map(AdvertiserId::as_str)
    }

    fn campaigns(&self) -> Option<Vec<&str>> {
        self.campaigns.map(|ids| ids.iter().map(CampaignId::as_str).collect())
    }
}

impl TenantControl {
    /// Campaigns by id, those after `after`, at most `limit`.
    pub async fn campaigns(
        &self,
        filter: &CampaignFilter<'_>,
        after: Option<&CampaignId>,
        limit: u16,
    ) -> Result<Vec<Campaign>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<CampaignRow> = sqlx::query_as(sql!("campaign/list"))
            .bind(self.client_id().as_str())
            .bind(filter.advertiser())
            .bind(filter.campaigns())
            .bind(after.map(CampaignId::as_str))
            .bind(i64::from(limit))
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        rows.into_iter().map(Campaign::try_from).collect()
    }

    /// One campaign, if it is there and the filter lets the reader see it.
    pub async fn campaign(
        &self,
        filter: &CampaignFilter<'_>,
        campaign_id: &CampaignId,
    ) -> Result<Option<Campaign>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<CampaignRow> = sqlx::query_as(sql!("campaign/get"))
            .bind(self.client_id().as_str())
            .bind(filter.advertiser())
            .bind(filter.campaigns())
            .bind(campaign_id.as_str())
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        row.map(Campaign::try_from).transpose()
    }

    /// Renames a campaign, gives it to an advertiser, or takes it back (`Some(None)`); what is
    /// `None` stays. Returns how it is then; `None` when there is no such campaign.
    pub async fn change_campaign(
        &self,
        actor: &str,
        campaign_id: &CampaignId,
        name: Option<&str>,
        advertiser: Option<Option<&AdvertiserId>>,
    ) -> Result<Option<Campaign>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<CampaignRow> = sqlx::query_as(sql!("campaign/change"))
            .bind(self.client_id().as_str())
            .bind(campaign_id.as_str())
            .bind(name)
            .bind(advertiser.is_some())
            .bind(advertiser.flatten().map(AdvertiserId::as_str))
            .fetch_optional(&mut transaction)
            .await?;
        let Some(campaign) = row.map(Campaign::try_from).transpose()? else {
            return Ok(None);
        };
        let entry = AuditEntry {
            action: "campaign.change",
            client_id: Some(self.client_id()),
            subject: campaign_id.as_str(),
            detail: json!({ "name": campaign.name, "advertiser_id": campaign.advertiser_id }),
        };
        audit::append(&mut transaction, actor, &entry).await?;
        transaction.commit().await?;
        Ok(Some(campaign))
    }

    /// Lists the campaigns of events received at `seen_at`, where they are not listed yet. Callers
    /// remember what they have sent: this is for the first time.
    pub async fn observe_campaigns(
        &self,
        campaigns: &[CampaignId],
        seen_at: DateTime<Utc>,
    ) -> Result<(), ControlPlaneError> {
        let ids: Vec<_> = campaigns.iter().map(CampaignId::as_str).collect();
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("campaign/observe"))
            .bind(self.client_id().as_str())
            .bind(ids)
            .bind(seen_at)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}
