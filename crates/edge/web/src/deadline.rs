use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// A point in time by which something must have happened. Postponing it costs nothing: the timer keeps
/// running, and looks again when it ends.
#[derive(Default)]
pub(crate) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Returns whether `end` has passed. Otherwise wakes the task when it may have.
    pub(crate) fn has_passed(&mut self, end: Instant, context: &mut Context<'_>) -> bool {
        loop {
            let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(end)));
            if timer.as_mut().poll(context) == Poll::Pending {
                return false;
            }
            if Instant::now() >= end {
                return true;
            }
            timer.as_mut().reset(end);
        }
    }

    /// As [`has_passed`](Self::has_passed), for the end of a duration that begins with the first call.
    pub(crate) fn has_passed_in(&mut self, limit: Duration, context: &mut Context<'_>) -> bool {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + limit)));
        timer.as_mut().poll(context).is_ready()
    }

    /// Makes the next call the first.
    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }
}
