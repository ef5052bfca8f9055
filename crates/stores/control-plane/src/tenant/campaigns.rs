use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::FromRow;
use tenancy::{AdvertiserId, CampaignId};

use crate::{AuditEntry, ControlPlaneError, TenantControl, audit};

/// A campaign of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Its id, as in events.
    pub campaign_id: CampaignId,
    /// Its display name; the id until a user changes it.
    pub name: String,
    /// Its advertiser; `None` until the owner assigns one.
    pub advertiser_id: Option<AdvertiserId>,
    /// When an event first contained it; `None` for a campaign that is only declared.
    pub first_seen: Option<DateTime<Utc>>,
}

/// The campaigns that the reader may see.
#[derive(Clone, Copy, Debug, Default)]
pub struct CampaignFilter<'a> {
    /// Only those of this advertiser.
    pub advertiser: Option<&'a AdvertiserId>,
    /// Only these; none if the list is empty.
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
    pub(super) fn advertiser(&self) -> Option<&str> {
        self.advertiser.map(AdvertiserId::as_str)
    }

    pub(super) fn campaigns(&self) -> Option<Vec<&str>> {
        self.campaigns.map(|ids| ids.iter().map(CampaignId::as_str).collect())
    }
}

impl TenantControl {
    /// Returns campaigns after the id `after`, by id, at most `limit`.
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

    /// Returns one campaign, if it exists and the filter includes it.
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

    /// Renames a campaign, assigns it to an advertiser, or removes the advertiser (`Some(None)`);
    /// `None` leaves a field unchanged. Returns the changed campaign; `None` when there is none.
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

    /// Creates the campaigns of events received at `seen_at` that do not exist yet. Callers
    /// remember the campaigns they have sent and send each once.
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
