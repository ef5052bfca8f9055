use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::oneshot, time::Instant};

use super::PublishOutcome;

/// Collects the outcomes of records that are sent together. The caller wakes once: when all of them
/// have been reported.
pub(super) struct Reports {
    outcomes: Arc<Outcomes>,
    pending: Arc<Pending>,
    ended: oneshot::Receiver<Infallible>,
}

/// Accompanies a record through librdkafka and reports its outcome.
pub(super) struct Ticket {
    index: usize,
    pending: Arc<Pending>,
}

/// Dropped with the last ticket, which ends the wait.
struct Pending {
    outcomes: Arc<Outcomes>,
    _end: oneshot::Sender<Infallible>,
}

type Outcomes = Mutex<Vec<PublishOutcome>>;

impl Reports {
    /// Begins with the outcomes of records that are never reported.
    pub(super) fn new(outcomes: Vec<PublishOutcome>) -> Self {
        let outcomes = Arc::new(Mutex::new(outcomes));
        let (end, ended) = oneshot::channel();
        let pending = Arc::new(Pending { outcomes: Arc::clone(&outcomes), _end: end });
        Self { outcomes, pending, ended }
    }

    /// Returns the ticket of the record at this place.
    pub(super) fn ticket(&self, index: usize) -> Box<Ticket> {
        Box::new(Ticket { index, pending: Arc::clone(&self.pending) })
    }

    /// Sets the outcome of a record that was not sent.
    pub(super) fn set(&self, index: usize, outcome: PublishOutcome) {
        set(&self.outcomes, index, outcome);
    }

    /// Waits until all tickets have been reported, or until `deadline`, and returns the outcomes.
    pub(super) async fn outcomes(self, deadline: Instant) -> Vec<PublishOutcome> {
        let Self { outcomes, pending, ended } = self;
        drop(pending);
        // Both ends of the wait are expected; what was reported by then is what counts.
        let _ = tokio::time::timeout_at(deadline, ended).await;
        std::mem::take(&mut *lock(&outcomes))
    }
}

impl Ticket {
    /// Reports the outcome. After the deadline of the caller it is ignored.
    pub(super) fn report(self, outcome: PublishOutcome) {
        set(&self.pending.outcomes, self.index, outcome);
    }
}

fn set(outcomes: &Outcomes, index: usize, outcome: PublishOutcome) {
    if let Some(slot) = lock(outcomes).get_mut(index) {
        *slot = outcome;
    }
}

fn lock(outcomes: &Outcomes) -> MutexGuard<'_, Vec<PublishOutcome>> {
    outcomes.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::task::JoinSet;

    use super::*;

    const UNKNOWN: PublishOutcome = PublishOutcome::Failed { retriable: true };
    const REFUSED: PublishOutcome = PublishOutcome::Failed { retriable: false };

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(50)
    }

    #[tokio::test]
    async fn the_wait_ends_with_the_last_report() {
        let reports = Reports::new(vec![UNKNOWN; 2]);
        let tickets = [reports.ticket(1), reports.ticket(0)];
        let far = Instant::now() + Duration::from_secs(3_600);
        let mut waiting = JoinSet::new();
        waiting.spawn(reports.outcomes(far));
        for ticket in tickets {
            assert!(waiting.try_join_next().is_none());
            ticket.report(REFUSED);
        }
        assert_eq!(waiting.join_next().await.unwrap().unwrap(), [REFUSED; 2]);
    }

    #[tokio::test]
    async fn at_the_deadline_the_outcomes_are_those_reported_so_far() {
        let reports = Reports::new(vec![UNKNOWN; 2]);
        let late = reports.ticket(0);
        reports.ticket(1).report(REFUSED);
        assert_eq!(reports.outcomes(soon()).await, [UNKNOWN, REFUSED]);
        late.report(REFUSED);
    }

    #[tokio::test]
    async fn a_ticket_that_is_dropped_reports_nothing() {
        let reports = Reports::new(vec![UNKNOWN]);
        drop(reports.ticket(0));
        let far = Instant::now() + Duration::from_secs(3_600);
        assert_eq!(reports.outcomes(far).await, [UNKNOWN]);
    }
}
