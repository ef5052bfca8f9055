//! Schedules: reports that are made every day or every week, each time as a job.

mod body;
mod cadence;
mod range;
mod runner;

use auth::Action;
use chrono::{DateTime, Utc};
use control_plane::{
    Cadence, ControlPlane, Quota, ReportReader, ReportSchedule, ScheduleSource, TenantControl,
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

pub(crate) use body::{Every, ScheduleOrder};
pub(crate) use runner::start;

const QUOTA: Quota = Quota { of_tenant: 100, of_user: 20 };

/// The schedules of a tenant, as one of its users may see and write them.
pub(crate) struct Schedules<'a> {
    stored: TenantControl,
    cohorts: CohortFinder,
    member: Member<'a>,
}

impl<'a> Schedules<'a> {
    pub(crate) fn new(control_plane: &ControlPlane, member: Member<'a>) -> Self {
        let cohorts = CohortFinder::new(control_plane, member.tenant(), member.campaigns());
        Self { stored: control_plane.for_tenant(member.tenant()), cohorts, member }
    }

    /// Returns a page, and one schedule more if there is a next page.
    pub(crate) async fn list(&self, page: &Page) -> Result<Vec<ReportSchedule>, Failure> {
        let after = page.after.as_deref().map(str::parse::<Uuid>).transpose();
        let after =
            after.map_err(|_| Problem::field("?cursor", "must be a next_cursor of this list"))?;
        Ok(self.stored.schedules(self.of_user()?, after, page.fetch()).await?)
    }

    /// Returns one schedule; an invisible one is as absent.
    pub(crate) async fn show(&self, id: Uuid) -> Result<ReportSchedule, Failure> {
        let found = self.stored.schedule(self.of_user()?, id).await?;
        found.ok_or_else(|| Problem::not_found().into())
    }

    pub(crate) async fn create(
        &self,
        order: ScheduleOrder,
        now: DateTime<Utc>,
    ) -> Result<ReportSchedule, Failure> {
        let schedule = self.ordered(Uuid::now_v7(), order, now).await?;
        let created = self.stored.create_schedule(&self.member.actor(), &schedule, QUOTA).await;
        let created = created.map_err(in_field("/request", "must not contain U+0000"))?;
        created.ok_or_else(|| {
            let Quota { of_tenant, of_user } = QUOTA;
            let detail = format!(
                "A tenant has at most {of_tenant} schedules, and a user at most {of_user}. Delete some."
            );
            Problem::new(Code::LimitReached, detail).into()
        })
    }

    /// Replaces what a schedule says; its author's rights of now are those of its jobs.
    pub(crate) async fn replace(
        &self,
        id: Uuid,
        order: ScheduleOrder,
        now: DateTime<Utc>,
    ) -> Result<ReportSchedule, Failure> {
        let author = self.member.author()?;
        let found = self.show(id).await?;
        if found.created_by != author {
            let detail = "Only its author changes a schedule: its jobs have the author's rights.";
            return Err(Problem::new(Code::PermissionDenied, detail).into());
        }
        let schedule = self.ordered(id, order, now).await?;
        let replaced = self.stored.replace_schedule(&self.member.actor(), &schedule).await;
        let replaced = replaced.map_err(in_field("/request", "must not contain U+0000"))?;
        replaced.ok_or_else(|| Problem::not_found().into())
    }

    pub(crate) async fn delete(&self, id: Uuid) -> Result<(), Failure> {
        let actor = self.member.actor();
        match self.stored.delete_schedule(&actor, self.of_user()?, id).await? {
            true => Ok(()),
            false => Err(Problem::not_found().into()),
        }
    }

    /// Returns the schedule that an order describes.
    async fn ordered(
        &self,
        schedule_id: Uuid,
        order: ScheduleOrder,
        now: DateTime<Utc>,
    ) -> Result<ReportSchedule, Failure> {
        let author = self.member.author()?;
        let cohorts = self.cohorts.find_in(order.request(), "/request", now).await?;
        let dimensions = &dimensions::of(&self.stored).await?;
        let home = Home { zone: self.member.home(), dimensions };
        let ordered = order.parse(&cohorts, self.member.is_unlimited(), home, now)?;
        self.may_ask(&ordered.source, author).await?;
        Ok(ReportSchedule {
            schedule_id,
            name: ordered.name,
            source: ordered.source,
            range: ordered.range,
            next_run_at: self.next_run(ordered.cadence, now)?,
            cadence: ordered.cadence,
            asked_by: self.member.principal().clone(),
            created_by: author,
            created_at: now,
            updated_at: now,
            last_run_at: None,
        })
    }

    fn next_run(&self, cadence: Cadence, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
        let next = cadence::next_run(cadence, self.member.home(), now);
        next.ok_or_else(|| Problem::field("/at", "must be a time that the calendar reaches"))
    }

    /// Checks that its author may ask for what a schedule makes.
    async fn may_ask(&self, source: &ScheduleSource, author: Uuid) -> Result<(), Failure> {
        match source {
            // It was checked with its request.
            ScheduleSource::Request { .. } => Ok(()),
            ScheduleSource::Saved(report) => {
                let sees_shared = self.member.is_unlimited();
                let reader = ReportReader { user: Some(author), sees_shared };
                let found = self.stored.saved_report(reader, *report).await?;
                found.map(drop).ok_or_else(|| {
                    let detail = "The saved report does not exist, or you may not see it.";
                    Problem::new(Code::ReferenceNotFound, detail)
                        .with_error("/saved_report", "must be a saved report that you see")
                        .into()
                })
            }
        }
    }

    /// Returns whose schedules are seen: the own ones; `None`: all of the tenant, by owners.
    ///
    /// # Errors
    /// It is a key, which has none.
    fn of_user(&self) -> Result<Option<Uuid>, Problem> {
        let user = self.member.author()?;
        Ok(if self.member.may(Action::ManageCampaigns) { None } else { Some(user) })
    }
}
