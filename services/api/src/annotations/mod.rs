//! Annotations: marks on the time axis of reports, of one user or of the whole tenant.

mod body;
mod listing;

use auth::Action;
use chrono::{DateTime, Utc};
use control_plane::{
    Annotation, AnnotationReader, AnnotationScope, ControlPlane, Quota, TenantControl,
};
use problem::{Code, Problem};
use tenancy::CampaignId;
use uuid::Uuid;

use crate::{
    campaigns::filter,
    failure::{Failure, in_field},
    member::Member,
};

pub(crate) use body::{AnnotationChange, AnnotationOrder};
pub(crate) use listing::{AnnotationsQuery, AnnotationsRequest, key};

const QUOTA: Quota = Quota { of_tenant: 10_000, of_user: 1_000 };

/// The reason for a campaign that does not exist or that the credential may not see: one for both.
const CAMPAIGN: &str = "must be a campaign that you may see";

/// The annotations of a tenant, as one of its users or keys may see and write them.
pub(crate) struct Annotations<'a> {
    stored: TenantControl,
    member: Member<'a>,
}

impl<'a> Annotations<'a> {
    pub(crate) fn new(control_plane: &ControlPlane, member: Member<'a>) -> Self {
        Self { stored: control_plane.for_tenant(member.tenant()), member }
    }

    /// Returns a page, and one annotation more if there is a next page.
    pub(crate) async fn list(
        &self,
        request: &AnnotationsRequest,
    ) -> Result<Vec<Annotation>, Failure> {
        let limit = request.page.fetch();
        let filter = request.filter();
        Ok(self.stored.annotations(&self.reader(), &filter, request.after, limit).await?)
    }

    /// Returns one annotation; an invisible one is as absent.
    pub(crate) async fn show(&self, id: Uuid) -> Result<Annotation, Failure> {
        let found = self.stored.annotation(&self.reader(), id).await?;
        found.ok_or_else(|| Problem::not_found().into())
    }

    pub(crate) async fn create(
        &self,
        order: AnnotationOrder,
        now: DateTime<Utc>,
    ) -> Result<Annotation, Failure> {
        let author = self.member.author()?;
        self.may_write(order.scope)?;
        let (at, until) = order.times(self.member.home())?;
        self.may_name(order.campaign_id.as_ref()).await?;
        let annotation = Annotation {
            annotation_id: Uuid::now_v7(),
            at,
            until,
            text: order.text.into(),
            scope: order.scope,
            campaign_id: order.campaign_id,
            created_by: Some(author),
            created_at: now,
            updated_at: now,
        };
        let created = self.stored.create_annotation(&self.member.actor(), &annotation, QUOTA).await;
        let created = created.map_err(in_field("/campaign_id", CAMPAIGN))?;
        created.ok_or_else(|| {
            let Quota { of_tenant, of_user } = QUOTA;
            let detail = format!(
                "A tenant has at most {of_tenant} annotations, and a user at most {of_user} personal \
                 ones. Delete some."
            );
            Problem::new(Code::LimitReached, detail).into()
        })
    }

    pub(crate) async fn change(
        &self,
        id: Uuid,
        change: AnnotationChange,
        now: DateTime<Utc>,
    ) -> Result<Annotation, Failure> {
        self.member.author()?;
        // Whose it is never changes, so it is still so when the change is written.
        self.may_write(self.show(id).await?.scope)?;
        let change = change.parse(self.member.home())?;
        self.may_name(change.campaign_id.as_ref().and_then(Option::as_ref)).await?;
        let changed = self
            .stored
            .change_annotation(&self.member.actor(), id, &change.stored(), now)
            .await
            .map_err(in_field("/until", body::UNTIL))?;
        changed.ok_or_else(|| Problem::not_found().into())
    }

    pub(crate) async fn delete(&self, id: Uuid) -> Result<(), Failure> {
        self.member.author()?;
        self.may_write(self.show(id).await?.scope)?;
        let deleted = self.stored.delete_annotation(&self.member.actor(), id).await?;
        deleted.map(drop).ok_or_else(|| Problem::not_found().into())
    }

    fn reader(&self) -> AnnotationReader<'_> {
        AnnotationReader { user: self.member.user(), within: filter(self.member.campaigns()) }
    }

    /// Checks that the user may write annotations of this scope, of those that it sees.
    fn may_write(&self, scope: AnnotationScope) -> Result<(), Problem> {
        if scope == AnnotationScope::Personal || self.member.may(Action::ManageCampaigns) {
            return Ok(());
        }
        let detail = "Only an owner writes annotations of the tenant. Yours are `personal`.";
        Err(Problem::new(Code::PermissionDenied, detail))
    }

    /// Checks that the campaign of an annotation is one that the credential may see.
    async fn may_name(&self, campaign: Option<&CampaignId>) -> Result<(), Failure> {
        let Some(campaign) = campaign else {
            return Ok(());
        };
        let found = self.stored.campaign(&filter(self.member.campaigns()), campaign).await?;
        found.map(drop).ok_or_else(|| {
            let detail = "The annotation names a campaign that does not exist, or that this \
                          credential may not see.";
            let problem = Problem::new(Code::ReferenceNotFound, detail);
            problem.with_error("/campaign_id", CAMPAIGN).into()
        })
    }
}
