//! The steps to the target.

use chrono::Utc;
use control_plane::TenantMove;
use serde_json::json;
use tenancy::{MoveCourse, MoveStep};

use super::{
    super::{
        comparison::{Effect, REJECTS_SETTLE},
        pass::Pass,
        places::frontier,
    },
    Done, Mover, counts,
};
use crate::ProcessorError;

/// After how many passes that find a difference a move is taken back. A reject that a process stored on one side
/// before it was killed is one, until the next process stores it on both.
const PASSES: u64 = 3;

impl Mover<'_> {
    /// Creates the tables of the target, without a row of the tenant.
    pub(super) async fn prepare(&self) -> Result<Done, ProcessorError> {
        let TenantMove { to, client_id, .. } = &self.tenant_move;
        if let Done::NotYet = self.remove_all(to).await? {
            return Ok(Done::NotYet);
        }
        let warehouse = &self.dependencies.warehouse;
        let applied = warehouse.migrate(&to.destination(client_id)).await?;
        Ok(Done::Yes(json!({ "migrations": applied.len() })))
    }

    /// Makes the rows before the cut equal.
    pub(super) async fn copy(&self, step: MoveStep) -> Result<Done, ProcessorError> {
        let mut pass = self.pass(step);
        if !pass.has_begun() {
            let cut = self.tenant_move.step(MoveStep::Cut);
            pass = pass.next(cut.map(|cut| cut.places.clone()).unwrap_or_default());
        }
        let is_complete = self.compare(step, &mut pass, Effect::Copy).await?;
        Ok(if is_complete { Done::Yes(counts(&pass)) } else { Done::NotYet })
    }

    /// Makes the rows equal that were planned before the cut and stored after the copy.
    pub(super) async fn catch_up(&self) -> Result<Done, ProcessorError> {
        if !self.is_done_before(MoveStep::Cut).await? {
            return Ok(Done::NotYet);
        }
        self.copy(MoveStep::CatchUp).await
    }

    /// Compares all rows below the marks until a whole pass finds no difference.
    pub(super) async fn verify(&self, step: MoveStep) -> Result<Done, ProcessorError> {
        let mut pass = self.pass(step);
        if !pass.has_begun() {
            pass = pass.next(self.marks().await?);
        }
        if !self.compare(step, &mut pass, Effect::Copy).await? {
            return Ok(Done::NotYet);
        }
        if pass.differences == 0 {
            return Ok(Done::Yes(counts(&pass)));
        }
        let TenantMove { client_id, .. } = &self.tenant_move;
        tracing::warn!(%client_id, differences = pass.differences, "both sides are compared again");
        let next = pass.next(self.marks().await?);
        self.platform.note_move_step(&self.tenant_move, step, &counts(&next)).await?;
        Ok(Done::NotYet)
    }

    /// Reads go to the target, if the counts agree while nobody repairs rows and no copy is on its way. Otherwise
    /// both sides are compared once more.
    pub(super) async fn flip(&self, course: &MoveCourse) -> Result<Done, ProcessorError> {
        let ledger = self.dependencies.control_plane.ledger();
        let Some(mut lease) = ledger.begin_reconciliation().await? else {
            return Ok(Done::NotYet);
        };
        let flip = async {
            let comparison = self.comparison(Effect::None).await?;
            if !comparison.is_settled().await? {
                return Ok(Some(Done::NotYet));
            }
            let below = frontier(&self.marks().await?);
            if comparison.counts_agree(&below).await? {
                self.route(MoveStep::Flip, course).await.map(Some)
            } else {
                Ok(None)
            }
        };
        let flipped = lease.during(flip).await?;
        lease.end().await?;
        match flipped? {
            Some(done) => Ok(done),
            None => {
                if let Done::Yes(_) = self.verify(MoveStep::Flip).await? {
                    // If the counts still differ, another pass begins.
                    let begin = counts(&Pass::default());
                    self.platform.note_move_step(&self.tenant_move, MoveStep::Flip, &begin).await?;
                }
                Ok(Done::NotYet)
            }
        }
    }

    /// Compares once more when everybody reads the target. A difference takes the move back. Nobody repairs rows
    /// meanwhile, and no erasure of persons has deleted them on one side only.
    pub(super) async fn verify_again(&self, course: &MoveCourse) -> Result<Done, ProcessorError> {
        let step = MoveStep::VerifyAgain;
        if !self.readers_have_left(step, course) {
            return Ok(Done::NotYet);
        }
        let mut pass = self.pass(step);
        if !pass.has_begun() {
            pass = pass.next(self.marks().await?);
        }
        if pass.waits() {
            return Ok(Done::NotYet);
        }
        let ledger = self.dependencies.control_plane.ledger();
        let Some(mut lease) = ledger.begin_reconciliation().await? else {
            return Ok(Done::NotYet);
        };
        let compare = async {
            // An attempt may have ended after the first of both sides.
            if self.platform.is_deleting_persons(&self.tenant_move.client_id).await? {
                return Ok(false);
            }
            self.compare(step, &mut pass, Effect::None).await
        };
        let compared = lease.during(compare).await?;
        lease.end().await?;
        if !compared? {
            return Ok(Done::NotYet);
        }
        if pass.differences == 0 {
            return Ok(Done::Yes(counts(&pass)));
        }
        let client_id = &self.tenant_move.client_id;
        if pass.pass < PASSES {
            tracing::warn!(%client_id, differences = pass.differences, "both sides are compared again");
            let not_before = Some(Utc::now() + REJECTS_SETTLE);
            let next = Pass { not_before, ..pass.next(self.marks().await?) };
            self.platform.note_move_step(&self.tenant_move, step, &counts(&next)).await?;
            return Ok(Done::NotYet);
        }
        let reason = format!("{} parts of the rows differ after the flip", pass.differences);
        tracing::error!(%client_id, reason, "a move is taken back");
        self.platform.back_out_move(client_id, &reason).await?;
        Ok(Done::NotYet)
    }

    /// Removes the rows of the source, once every batch that was planned with them is stored.
    pub(super) async fn clean(&self) -> Result<Done, ProcessorError> {
        if !self.is_done_before(MoveStep::Clean).await? {
            return Ok(Done::NotYet);
        }
        self.remove_all(&self.tenant_move.from).await
    }
}
