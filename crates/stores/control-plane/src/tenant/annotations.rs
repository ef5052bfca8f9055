use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::FromRow;
use tenancy::CampaignId;
use uuid::Uuid;

use super::{CampaignFilter, Quota};
use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, pool::Transaction};

/// A mark on the time axis of reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Its id.
    pub annotation_id: Uuid,
    /// When it happened, or began.
    pub at: DateTime<Utc>,
    /// When it ended, excluded; `None` for a moment.
    pub until: Option<DateTime<Utc>>,
    /// What happened.
    pub text: String,
    /// Who sees it.
    pub scope: AnnotationScope,
    /// The campaign it is of, if it is of one.
    pub campaign_id: Option<CampaignId>,
    /// Its author; `None` once the user is deleted.
    pub created_by: Option<Uuid>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Who sees an annotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationScope {
    /// Its author.
    #[default]
    Personal,
    /// Every user and `read` key of the tenant, within the campaigns that it may see.
    Tenant,
}

/// Who reads annotations.
#[derive(Clone, Copy, Debug)]
pub struct AnnotationReader<'a> {
    /// The user, who also sees the personal ones; `None` for an API key.
    pub user: Option<Uuid>,
    /// The campaigns that it may see. A limit excludes the tenant's annotations without a campaign.
    pub within: CampaignFilter<'a>,
}

/// The annotations to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnnotationFilter<'a> {
    /// Only those that are not over at this time.
    pub from: Option<DateTime<Utc>>,
    /// Only those that begin before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only those of this campaign.
    pub campaign: Option<&'a CampaignId>,
}

/// The fields of an annotation to change; `None` leaves a field unchanged, `Some(None)` removes it.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnnotationChange<'a> {
    /// When it happened, or began.
    pub at: Option<DateTime<Utc>>,
    /// When it ended.
    pub until: Option<Option<DateTime<Utc>>>,
    /// What happened.
    pub text: Option<&'a str>,
    /// The campaign it is of.
    pub campaign: Option<Option<&'a CampaignId>>,
}

#[derive(FromRow)]
struct AnnotationRow {
    annotation_id: Uuid,
    at: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    text: String,
    scope: String,
    campaign_id: Option<String>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl AnnotationScope {
    /// Every scope.
    pub const ALL: [Self; 2] = [Self::Personal, Self::Tenant];

    /// Returns the name used in tables and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Tenant => "tenant",
        }
    }

    fn stored(name: &str) -> Result<Self, ControlPlaneError> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == name);
        found.ok_or("unknown").map_err(ControlPlaneError::corrupt("scope of an annotation"))
    }
}

impl TryFrom<AnnotationRow> for Annotation {
    type Error = ControlPlaneError;

    fn try_from(row: AnnotationRow) -> Result<Self, ControlPlaneError> {
        let campaign_id = row.campaign_id.as_deref().map(str::parse).transpose();
        Ok(Self {
            annotation_id: row.annotation_id,
            at: row.at,
            until: row.until,
            text: row.text,
            scope: AnnotationScope::stored(&row.scope)?,
            campaign_id: campaign_id.map_err(ControlPlaneError::corrupt("campaign id"))?,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl TenantControl {
    /// Returns annotations that the reader may see, by time and id, at most `limit`; `after` is the
    /// time and the id of the last one before them.
    pub async fn annotations(
        &self,
        reader: &AnnotationReader<'_>,
        filter: &AnnotationFilter<'_>,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: u16,
    ) -> Result<Vec<Annotation>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<AnnotationRow> = sqlx::query_as(sql!("annotation/list"))
            .bind(self.client_id().as_str())
            .bind(reader.user)
            .bind(reader.within.advertiser())
            .bind(reader.within.campaigns())
            .bind(filter.from)
            .bind(filter.to)
            .bind(filter.campaign.map(CampaignId::as_str))
            .bind(after.map(|(at, _)| at))
            .bind(after.map(|(_, id)| id))
            .bind(i64::from(limit))
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        rows.into_iter().map(Annotation::try_from).collect()
    }

    /// Returns one annotation, if it exists and the reader may see it.
    pub async fn annotation(
        &self,
        reader: &AnnotationReader<'_>,
        annotation_id: Uuid,
    ) -> Result<Option<Annotation>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<AnnotationRow> = sqlx::query_as(sql!("annotation/get"))
            .bind(self.client_id().as_str())
            .bind(reader.user)
            .bind(reader.within.advertiser())
            .bind(reader.within.campaigns())
            .bind(annotation_id)
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        row.map(Annotation::try_from).transpose()
    }

    /// Creates an annotation. Returns it as it is stored; `None` when the tenant, or for a personal
    /// one its author, has as many as the quota allows.
    pub async fn create_annotation(
        &self,
        actor: &str,
        annotation: &Annotation,
        quota: Quota,
    ) -> Result<Option<Annotation>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        self.lock(&mut transaction).await?;
        let row: Option<AnnotationRow> = sqlx::query_as(sql!("annotation/create"))
            .bind(self.client_id().as_str())
            .bind(annotation.annotation_id)
            .bind(annotation.at)
            .bind(annotation.until)
            .bind(&annotation.text)
            .bind(annotation.scope.as_str())
            .bind(annotation.campaign_id.as_ref().map(CampaignId::as_str))
            .bind(annotation.created_by)
            .bind(annotation.created_at)
            .bind(i64::from(quota.of_tenant))
            .bind(i64::from(quota.of_user))
            .fetch_optional(&mut transaction)
            .await?;
        self.annotated(transaction, actor, "annotation.create", row).await
    }

    /// Changes an annotation at the time `now`. Returns it as it is stored; `None` when there is
    /// none. The caller has checked who may change it.
    pub async fn change_annotation(
        &self,
        actor: &str,
        annotation_id: Uuid,
        change: &AnnotationChange<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<Annotation>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<AnnotationRow> = sqlx::query_as(sql!("annotation/change"))
            .bind(self.client_id().as_str())
            .bind(annotation_id)
            .bind(change.at)
            .bind(change.until.is_some())
            .bind(change.until.flatten())
            .bind(change.text)
            .bind(change.campaign.is_some())
            .bind(change.campaign.flatten().map(CampaignId::as_str))
            .bind(now)
            .fetch_optional(&mut transaction)
            .await?;
        self.annotated(transaction, actor, "annotation.change", row).await
    }

    /// Deletes an annotation. Returns it; `None` when there is none. The caller has checked who may
    /// delete it.
    pub async fn delete_annotation(
        &self,
        actor: &str,
        annotation_id: Uuid,
    ) -> Result<Option<Annotation>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<AnnotationRow> = sqlx::query_as(sql!("annotation/delete"))
            .bind(self.client_id().as_str())
            .bind(annotation_id)
            .fetch_optional(&mut transaction)
            .await?;
        self.annotated(transaction, actor, "annotation.delete", row).await
    }

    /// Completes the transaction of a write, with an audit entry if others see the annotation.
    async fn annotated(
        &self,
        mut transaction: Transaction,
        actor: &str,
        action: &str,
        row: Option<AnnotationRow>,
    ) -> Result<Option<Annotation>, ControlPlaneError> {
        let Some(annotation) = row.map(Annotation::try_from).transpose()? else {
            return Ok(None);
        };
        if annotation.scope == AnnotationScope::Tenant {
            // No text: the audit log is permanent, and a text may name a person.
            let Annotation { at, until, campaign_id, .. } = &annotation;
            let entry = AuditEntry {
                action,
                client_id: Some(self.client_id()),
                subject: &format!("annotation:{}", annotation.annotation_id),
                detail: json!({ "at": at, "until": until, "campaign_id": campaign_id }),
            };
            audit::append(&mut transaction, actor, &entry).await?;
        }
        transaction.commit().await?;
        Ok(Some(annotation))
    }
}
