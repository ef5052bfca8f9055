//! The steps back to the source.

use serde_json::json;
use tenancy::{MoveCourse, MoveStep};

use super::{Done, Mover};
use crate::ProcessorError;

impl Mover<'_> {
    /// Reads go to the source again, if they went to the target, while nobody repairs rows. Batches that were planned
    /// before the flip reach the target first, so they are waited for.
    pub(super) async fn flip_back(&self, course: &MoveCourse) -> Result<Done, ProcessorError> {
        if course.route(MoveStep::FlipBack).is_none() {
            return Ok(Done::Yes(json!({})));
        }
        if !self.is_done_before(MoveStep::Flip).await? {
            return Ok(Done::NotYet);
        }
        let ledger = self.dependencies.control_plane.ledger();
        let Some(mut lease) = ledger.begin_reconciliation().await? else {
            return Ok(Done::NotYet);
        };
        let done = lease.during(self.route(MoveStep::FlipBack, course)).await?;
        lease.end().await?;
        done
    }

    /// New rows go to the source only, once nobody reads the target any more.
    pub(super) async fn uncut(&self, course: &MoveCourse) -> Result<Done, ProcessorError> {
        if !self.readers_have_left(MoveStep::Uncut, course) {
            return Ok(Done::NotYet);
        }
        self.route(MoveStep::Uncut, course).await
    }

    /// Removes the rows of the target, once every batch that was planned with them is stored.
    pub(super) async fn remove(&self) -> Result<Done, ProcessorError> {
        if !self.is_done_before(MoveStep::Uncut).await? {
            return Ok(Done::NotYet);
        }
        self.remove_all(&self.tenant_move.to).await
    }
}
