mod back;
mod forward;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{Group, PlatformControl, TenantMove};
use failpoints::Step;
use log::LogPlace;
use serde_json::{Value, json};
use tenancy::{Isolation, MoveCourse, MoveStep, Placement};

use super::{
    comparison::{Comparison, Effect},
    pass::Pass,
    places::are_done,
};
use crate::{Dependencies, ProcessorError};

/// The move of one tenant.
pub(super) struct Mover<'a> {
    dependencies: &'a Dependencies,
    platform: &'a PlatformControl,
    tenant_move: TenantMove,
}

/// Whether a step has finished.
enum Done {
    /// With these counts.
    Yes(Value),
    /// It has recorded that itself.
    Recorded,
    /// The next round looks again.
    NotYet,
}

impl<'a> Mover<'a> {
    pub(super) fn new(
        dependencies: &'a Dependencies,
        platform: &'a PlatformControl,
        tenant_move: TenantMove,
    ) -> Self {
        Self { dependencies, platform, tenant_move }
    }

    /// Proceeds as far as possible, for some seconds.
    pub(super) async fn proceed(mut self) -> Result<(), ProcessorError> {
        let client_id = self.tenant_move.client_id.clone();
        while let Some(step) = self.tenant_move.course().next() {
            if !self.begin(step).await? {
                // It goes another way from now on.
                return Ok(());
            }
            self.read_again().await?;
            match self.step(step).await? {
                Done::Yes(counts) => {
                    failpoints::reach(failpoint(step));
                    self.platform.finish_move_step(&self.tenant_move, step, &counts).await?;
                }
                Done::Recorded => {}
                Done::NotYet => return Ok(()),
            }
            tracing::info!(%client_id, step = step.as_str(), "a step of a move has finished");
            self.read_again().await?;
        }
        self.platform.end_move(&self.tenant_move).await?;
        let state = self.tenant_move.course().state();
        tracing::info!(%client_id, ?state, "a move has ended");
        Ok(())
    }

    async fn read_again(&mut self) -> Result<(), ProcessorError> {
        let latest = self.platform.latest_move(&self.tenant_move.client_id).await?;
        if let Some(latest) = latest.filter(|latest| latest.move_id == self.tenant_move.move_id) {
            self.tenant_move = latest;
        }
        Ok(())
    }

    /// Records that a step begins. Rows of the source are removed only after the route without them is set.
    async fn begin(&self, step: MoveStep) -> Result<bool, ProcessorError> {
        let course = self.tenant_move.course();
        if course.has_begun(step) {
            return Ok(true);
        }
        match course.route(step).filter(|_| step == MoveStep::Clean) {
            Some(route) => {
                let topic = &self.dependencies.kafka.events_topic;
                Ok(self.platform.route_move(&self.tenant_move, step, route, topic).await?)
            }
            None => Ok(self.platform.begin_move_step(&self.tenant_move, step).await?),
        }
    }

    async fn step(&self, step: MoveStep) -> Result<Done, ProcessorError> {
        let course = self.tenant_move.course();
        match step {
            MoveStep::Prepare => self.prepare().await,
            MoveStep::Cut => self.route(step, &course).await,
            MoveStep::Copy => self.copy(step).await,
            MoveStep::CatchUp => self.catch_up().await,
            MoveStep::Verify => self.verify(step).await,
            MoveStep::Flip => self.flip(&course).await,
            MoveStep::VerifyAgain => self.verify_again(&course).await,
            MoveStep::Clean => self.clean().await,
            MoveStep::FlipBack => self.flip_back(&course).await,
            MoveStep::Uncut => self.uncut(&course).await,
            MoveStep::Remove => self.remove().await,
        }
    }

    /// Sets the route of a step, if it has one.
    async fn route(&self, step: MoveStep, course: &MoveCourse) -> Result<Done, ProcessorError> {
        let Some(route) = course.route(step) else { return Ok(Done::Yes(json!({}))) };
        failpoints::reach(failpoint(step));
        let topic = &self.dependencies.kafka.events_topic;
        let routed = self.platform.route_move(&self.tenant_move, step, route, topic).await?;
        Ok(if routed { Done::Recorded } else { Done::NotYet })
    }

    /// Removes every row of the tenant where a placement puts them.
    async fn remove_all(&self, placement: &Placement) -> Result<Done, ProcessorError> {
        let client_id = &self.tenant_move.client_id;
        let warehouse = &self.dependencies.warehouse;
        let found = warehouse.rows_of_tenant(placement, client_id).await?;
        // Shared tables that do not exist have no rows; a database of its own is removed in any case.
        if !found.is_empty() || placement.isolation != Isolation::Shared {
            warehouse.erase_tenant(placement, client_id).await?;
        }
        let left = warehouse.rows_of_tenant(placement, client_id).await?;
        if left.is_empty() {
            return Ok(Done::Yes(json!({
                "event_rows": found.event_rows,
                "rejects": found.rejects,
                "rollup_rows": found.rollup_rows,
            })));
        }
        Ok(Done::NotYet)
    }

    /// Whether every batch that was planned before the route of a step is marked.
    async fn is_done_before(&self, step: MoveStep) -> Result<bool, ProcessorError> {
        match self.tenant_move.step(step) {
            Some(routed) => Ok(are_done(&routed.places, &self.marks().await?)),
            None => Ok(true),
        }
    }

    /// Whether nobody reads the other side any more, as far as a step has to wait for that.
    fn readers_have_left(&self, step: MoveStep, course: &MoveCourse) -> bool {
        let Some(after) = course.readers_leave_after(step) else { return true };
        let since = self.tenant_move.step(after).and_then(|routed| routed.finished_at);
        let grace = self.dependencies.settings.move_grace();
        since.is_some_and(|since| has_passed(since, grace, Utc::now()))
    }

    async fn compare(
        &self,
        step: MoveStep,
        pass: &mut Pass,
        effect: Effect,
    ) -> Result<bool, ProcessorError> {
        let compared = self.comparison(effect).await?.proceed(pass).await;
        // Also after an error: what is compared need not be compared again.
        self.platform.note_move_step(&self.tenant_move, step, &counts(pass)).await?;
        compared
    }

    async fn comparison(&self, effect: Effect) -> Result<Comparison<'_>, ProcessorError> {
        let TenantMove { client_id, from, to, .. } = &self.tenant_move;
        let tenant = self.platform.tenant(client_id).await?;
        let tenant = tenant.ok_or_else(|| ProcessorError::UnknownTenant(client_id.clone()))?;
        Ok(Comparison {
            warehouse: &self.dependencies.warehouse,
            client_id,
            source: from.destination(client_id),
            target: to.destination(client_id),
            rows_from: tenant.rows_from.unwrap_or(DateTime::UNIX_EPOCH),
            effect,
            rows_per_second: self.dependencies.settings.move_rows_per_second,
        })
    }

    fn pass(&self, step: MoveStep) -> Pass {
        self.tenant_move.step(step).map(|begun| Pass::of(&begun.counts)).unwrap_or_default()
    }

    /// Returns the first place of each partition that the store group has not done.
    async fn marks(&self) -> Result<Vec<LogPlace>, ProcessorError> {
        let topic = &self.dependencies.kafka.events_topic;
        Ok(self.dependencies.control_plane.ledger().noted_offsets(Group::Store, topic).await?)
    }
}

fn counts(pass: &Pass) -> Value {
    serde_json::to_value(pass).unwrap_or_default()
}

fn has_passed(since: DateTime<Utc>, time: Duration, now: DateTime<Utc>) -> bool {
    TimeDelta::from_std(time).is_ok_and(|time| now - since >= time)
}

/// The step of the protocol at which a fault can be placed: the work is done, and not yet recorded.
const fn failpoint(step: MoveStep) -> Step {
    match step {
        MoveStep::Prepare => Step::MovePrepare,
        MoveStep::Cut => Step::MoveCut,
        MoveStep::Copy => Step::MoveCopy,
        MoveStep::CatchUp => Step::MoveCatchUp,
        MoveStep::Verify => Step::MoveVerify,
        MoveStep::Flip => Step::MoveFlip,
        MoveStep::VerifyAgain => Step::MoveVerifyAgain,
        MoveStep::Clean => Step::MoveClean,
        MoveStep::FlipBack => Step::MoveFlipBack,
        MoveStep::Uncut => Step::MoveUncut,
        MoveStep::Remove => Step::MoveRemove,
    }
}
