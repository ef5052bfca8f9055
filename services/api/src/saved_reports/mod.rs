//! Saved reports: requests for reports that users have named and kept, for themselves or for the tenant.

mod body;

use auth::Action;
use chrono::{DateTime, Utc};
use control_plane::{
    ControlPlane, ControlPlaneError, Quota, ReportReader, ReportVisibility, ReportWriter,
    SavedReport, TenantControl,
};
use problem::{Code, Problem};
use uuid::Uuid;

use crate::{
    cohorts::CohortFinder,
    dimensions::{self, Home},
    failure::{Failure, in_field},
    member::Member,
    pagination::Page,
};

pub(crate) use body::SavedReportOrder;

const QUOTA: Quota = Quota { of_tenant: 1_000, of_user: 200 };

/// The saved reports of a tenant, as one of its users or keys may see and write them.
pub(crate) struct SavedReports<'a> {
    stored: TenantControl,
    cohorts: CohortFinder,
    member: Member<'a>,
}

impl<'a> SavedReports<'a> {
    pub(crate) fn new(control_plane: &ControlPlane, member: Member<'a>) -> Self {
        let cohorts = CohortFinder::new(control_plane, member.tenant(), member.campaigns());
        Self { stored: control_plane.for_tenant(member.tenant()), cohorts, member }
    }

    /// Returns a page, and one report more if there is a next page.
    pub(crate) async fn list(&self, page: &Page) -> Result<Vec<SavedReport>, Failure> {
        let after = page.after.as_deref().map(str::parse::<Uuid>).transpose();
        let after =
            after.map_err(|_| Problem::field("?cursor", "must be a next_cursor of this list"))?;
        Ok(self.stored.saved_reports(self.reader(), after, page.fetch()).await?)
    }

    /// Returns one report; an invisible one is as absent.
    pub(crate) async fn show(&self, id: Uuid) -> Result<SavedReport, Failure> {
        let found = self.stored.saved_report(self.reader(), id).await?;
        found.ok_or_else(|| Problem::not_found().into())
    }

    pub(crate) async fn create(
        &self,
        order: SavedReportOrder,
        now: DateTime<Utc>,
    ) -> Result<SavedReport, Failure> {
        let author = self.member.author()?;
        self.may_share(order.visibility)?;
        let report = self.parse(order, Uuid::now_v7(), author, now).await?;
        let created = self.stored.create_saved_report(&self.member.actor(), &report, QUOTA).await;
        let created = created.map_err(refused)?;
        created.ok_or_else(|| {
            let Quota { of_tenant, of_user } = QUOTA;
            let detail = format!(
                "A tenant has at most {of_tenant} saved reports, and a user at most {of_user} private \
                 ones. Delete some."
            );
            Problem::new(Code::LimitReached, detail).into()
        })
    }

    /// Replaces what a report says. The last write wins.
    pub(crate) async fn replace(
        &self,
        id: Uuid,
        order: SavedReportOrder,
        now: DateTime<Utc>,
    ) -> Result<SavedReport, Failure> {
        let user = self.member.author()?;
        self.may_share(order.visibility)?;
        let report = self.parse(order, id, user, now).await?;
        let found = self.show(id).await?;
        self.may_write(&found, user)?;
        let is_own = found.created_by == Some(user);
        if report.visibility == ReportVisibility::Private && !is_own {
            let reason = "must be `shared`: only its author can make it private";
            return Err(Problem::field("/visibility", reason).into());
        }
        let actor = self.member.actor();
        let replaced = self.stored.replace_saved_report(&actor, self.writer(user), &report).await;
        replaced.map_err(refused)?.ok_or_else(|| Problem::not_found().into())
    }

    pub(crate) async fn delete(&self, id: Uuid) -> Result<(), Failure> {
        let user = self.member.author()?;
        self.may_write(&self.show(id).await?, user)?;
        let actor = self.member.actor();
        let deleted = self.stored.delete_saved_report(&actor, self.writer(user), id).await?;
        deleted.map(drop).ok_or_else(|| Problem::not_found().into())
    }

    async fn parse(
        &self,
        order: SavedReportOrder,
        id: Uuid,
        author: Uuid,
        now: DateTime<Utc>,
    ) -> Result<SavedReport, Failure> {
        let cohorts = self.cohorts.find_in(order.request(), "/request", now).await?;
        let dimensions = &dimensions::of(&self.stored).await?;
        let home = Home { zone: self.member.home(), dimensions };
        Ok(order.parse(id, author, &cohorts, self.member.is_unlimited(), home, now)?)
    }

    fn reader(&self) -> ReportReader {
        // A request may name campaigns, so a credential that sees only some sees no shared one.
        ReportReader { user: self.member.user(), sees_shared: self.member.is_unlimited() }
    }

    fn writer(&self, user: Uuid) -> ReportWriter {
        ReportWriter { user, manages_shared: self.member.may(Action::ManageCampaigns) }
    }

    /// Checks that the user may save reports of this visibility.
    fn may_share(&self, visibility: ReportVisibility) -> Result<(), Problem> {
        if visibility == ReportVisibility::Private || self.member.is_unlimited() {
            return Ok(());
        }
        let detail = "You see only some campaigns, so your reports are `private`.";
        Err(Problem::new(Code::PermissionDenied, detail))
    }

    /// Checks that the user may write a report that it sees.
    fn may_write(&self, report: &SavedReport, user: Uuid) -> Result<(), Problem> {
        if report.created_by == Some(user) || self.writer(user).manages_shared {
            return Ok(());
        }
        let detail = "Only its author and owners write a shared report. Save one of your own.";
        Err(Problem::new(Code::PermissionDenied, detail))
    }
}

/// Returns the answer if the control plane does not store a report that is otherwise valid.
fn refused(error: ControlPlaneError) -> Failure {
    match error {
        ControlPlaneError::Conflict { .. } => {
            let detail = "The author has another report of this name and visibility.";
            Problem::new(Code::AlreadyExists, detail)
                .with_error("/name", "must be another name than those of your other reports")
                .with_source(error)
                .into()
        }
        other => in_field("/request", "must not contain U+0000")(other),
    }
}
