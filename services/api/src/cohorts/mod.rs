//! Kept cohorts: sets of visitors or customers that users have named, as filters of reports.

mod body;
mod finder;
mod named;

use auth::Action;
use chrono::{DateTime, Utc};
use control_plane::{CohortWriter, ControlPlaneError, KeptCohort, TenantControl};
use metrics::{Dimensions, TimeRange};
use problem::{Code, Problem};
use uuid::Uuid;

use crate::{
    dimensions::{self, Home},
    failure::{Failure, in_field},
    member::Member,
    pagination::Page,
    state::Api,
};

pub(crate) use body::{CohortDefinition, CohortOrder};
pub(crate) use finder::{CohortFinder, FoundCohorts};
pub(crate) use named::{NamedCohort, NamesCohorts};

/// The most cohorts of a tenant.
const MOST_KEPT: u32 = 200;

/// The kept cohorts of a tenant, as one of its users or keys may see and write them.
pub(crate) struct Cohorts<'a> {
    api: &'a Api,
    stored: TenantControl,
    member: Member<'a>,
}

/// A kept cohort, and how many belong to it.
pub(crate) struct CountedCohort {
    pub(crate) cohort: KeptCohort,
    /// The time of the events that count.
    pub(crate) time: TimeRange,
    /// The number of its members.
    pub(crate) size: u64,
    /// Everything received before this is counted; `None` while it is unknown.
    pub(crate) as_of: Option<DateTime<Utc>>,
}

impl<'a> Cohorts<'a> {
    /// Returns the cohorts of the member's tenant.
    ///
    /// # Errors
    /// The member may see only some campaigns.
    pub(crate) fn new(api: &'a Api, member: Member<'a>) -> Result<Self, Problem> {
        if !member.is_unlimited() {
            return Err(refused_to_limited());
        }
        let stored = api.control_plane.for_tenant(member.tenant());
        Ok(Self { api, stored, member })
    }

    /// Returns a page, and one cohort more if there is a next page.
    pub(crate) async fn list(&self, page: &Page) -> Result<Vec<KeptCohort>, Failure> {
        let after = page.after.as_deref().map(str::parse::<Uuid>).transpose();
        let after =
            after.map_err(|_| Problem::field("?cursor", "must be a next_cursor of this list"))?;
        Ok(self.stored.kept_cohorts(after, page.fetch()).await?)
    }

    /// Returns one cohort, and counts who belongs to it at the time `now`.
    pub(crate) async fn show(
        &self,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<CountedCohort, Failure> {
        let cohort = self.find(id).await?;
        let dimensions = &dimensions::of(&self.stored).await?;
        let membership = body::membership(&cohort, self.home(dimensions), now)?;
        let as_of = self.api.sources.stored_as_of().await;
        let warehouse = self.api.warehouse.for_tenant(self.member.tenant());
        let size = warehouse.cohort_size(&membership).await?;
        Ok(CountedCohort { cohort, time: membership.time, size, as_of })
    }

    pub(crate) async fn create(
        &self,
        order: CohortOrder,
        now: DateTime<Utc>,
    ) -> Result<KeptCohort, Failure> {
        let author = self.member.author()?;
        let dimensions = &dimensions::of(&self.stored).await?;
        let cohort = order.parse(Uuid::now_v7(), author, self.home(dimensions), now)?;
        let actor = self.member.actor();
        let created = self.stored.create_kept_cohort(&actor, &cohort, MOST_KEPT).await;
        created.map_err(refused)?.ok_or_else(|| {
            let detail = format!("A tenant has at most {MOST_KEPT} cohorts. Delete some.");
            Problem::new(Code::LimitReached, detail).into()
        })
    }

    /// Replaces what a cohort says. The last write wins.
    pub(crate) async fn replace(
        &self,
        id: Uuid,
        order: CohortOrder,
        now: DateTime<Utc>,
    ) -> Result<KeptCohort, Failure> {
        let user = self.member.author()?;
        let dimensions = &dimensions::of(&self.stored).await?;
        let cohort = order.parse(id, user, self.home(dimensions), now)?;
        let writer = self.writer(&self.find(id).await?, user)?;
        let actor = self.member.actor();
        let replaced = self.stored.replace_kept_cohort(&actor, writer, &cohort).await;
        replaced.map_err(refused)?.ok_or_else(|| Problem::not_found().into())
    }

    pub(crate) async fn delete(&self, id: Uuid) -> Result<(), Failure> {
        let user = self.member.author()?;
        let writer = self.writer(&self.find(id).await?, user)?;
        let deleted = self.stored.delete_kept_cohort(&self.member.actor(), writer, id).await?;
        deleted.map(drop).ok_or_else(|| Problem::not_found().into())
    }

    /// Returns what definitions are read by.
    fn home<'d>(&self, dimensions: &'d Dimensions) -> Home<'d> {
        Home { zone: self.member.home(), dimensions }
    }

    /// Returns one cohort; another tenant's is as absent.
    async fn find(&self, id: Uuid) -> Result<KeptCohort, Failure> {
        let found = self.stored.kept_cohorts_with(&[id]).await?.pop();
        found.ok_or_else(|| Problem::not_found().into())
    }

    /// Returns the user as a writer of a cohort.
    ///
    /// # Errors
    /// It is another user's, and the user is no owner.
    fn writer(&self, cohort: &KeptCohort, user: Uuid) -> Result<CohortWriter, Problem> {
        let manages_all = self.member.may(Action::ManageCampaigns);
        if manages_all || cohort.created_by == Some(user) {
            return Ok(CohortWriter { user, manages_all });
        }
        let detail = "Only its author and owners write a cohort. Keep one of your own.";
        Err(Problem::new(Code::PermissionDenied, detail))
    }
}

/// Returns the answer to a credential that may see only some campaigns.
fn refused_to_limited() -> Problem {
    let detail = "This credential may see only some campaigns, and who belongs to a cohort depends on \
                  events of others.";
    Problem::new(Code::PermissionDenied, detail)
}

/// Returns the answer if the control plane does not store a cohort that is otherwise valid.
fn refused(error: ControlPlaneError) -> Failure {
    match error {
        ControlPlaneError::Conflict { .. } => {
            Problem::new(Code::AlreadyExists, "Another cohort of the tenant has this name.")
                .with_error("/name", "must be another name than those of the other cohorts")
                .with_source(error)
                .into()
        }
        other => in_field("/definition", "must not contain U+0000")(other),
    }
}
