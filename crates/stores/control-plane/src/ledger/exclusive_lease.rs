use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::Ledger;
use crate::{ControlPlaneError, pool::Transaction};

/// The number of PostgreSQL's advisory lock for reconciliation. Claims of report jobs and the audit log have
/// others.
const RECONCILIATION: i64 = 8;
/// The number of the lock for erasures of tenants and persons, which rewrite the same objects of the archive.
const ERASURE: i64 = 10;
/// The number of the lock for moves of tenants.
const MOVE: i64 = 12;
/// The number of the lock for parked events.
const PARKED: i64 = 14;

/// Between two heartbeats of a lease: often enough that PostgreSQL does not end it.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How long the lease is held for sure after it was confirmed: less than the time after which PostgreSQL ends it.
const HELD: Duration = Duration::from_secs(4);

/// The right to reconcile and repair, to erase tenants and persons, to move tenants, or to release parked events, which one process
/// at a time has. It ends when this is dropped, when the connection to PostgreSQL is lost, or when the process freezes.
pub struct ExclusiveLease {
    transaction: Transaction,
}

impl ExclusiveLease {
    /// Whether `check` is due: no process has completed it within the last `every`. Once this lease
    /// is [ended](Self::end), the check counts as completed now.
    pub async fn is_due(
        &mut self,
        check: &str,
        every: Duration,
    ) -> Result<bool, ControlPlaneError> {
        let due: Option<String> = sqlx::query_scalar(sql!("ledger/reconciliation_is_due"))
            .bind(check)
            .bind(every.as_secs_f64())
            .fetch_optional(&mut self.transaction)
            .await?;
        Ok(due.is_some())
    }

    /// Runs `work`, and cancels it when the lease is lost. After a freeze, it goes on only once PostgreSQL has
    /// confirmed the lease: another process may have done its work meanwhile.
    ///
    /// # Errors
    /// The lease was lost.
    pub async fn during<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, ControlPlaneError> {
        let mut work = pin!(work);
        loop {
            // An answer may have waited for a frozen process: the lease was held when it was asked for.
            let asked = Instant::now();
            sqlx::query(sql!("session/ping")).execute(&mut self.transaction).await?;
            if let Some(done) = work_while_held(work.as_mut(), asked).await {
                return Ok(done);
            }
        }
    }

    /// Releases the lease, so that another process can reconcile.
    pub async fn end(self) -> Result<(), ControlPlaneError> {
        Ok(self.transaction.commit().await?)
    }
}

/// Runs `work` until it is done, or until PostgreSQL has to be asked again: `None`.
async fn work_while_held<T>(
    mut work: Pin<&mut impl Future<Output = T>>,
    held_at: Instant,
) -> Option<T> {
    let mut heartbeat = pin!(sleep(HEARTBEAT));
    poll_fn(|context| {
        // After a freeze, the timer may not have fired yet: the clock tells.
        if held_at.elapsed() > HELD || heartbeat.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        work.as_mut().poll(context).map(Some)
    })
    .await
}

impl Ledger {
    /// Begins a reconciliation, unless another process is running one.
    pub async fn begin_reconciliation(&self) -> Result<Option<ExclusiveLease>, ControlPlaneError> {
        self.lease(RECONCILIATION).await
    }

    /// Begins to erase tenants or persons, unless another process is erasing some.
    pub async fn begin_erasure(&self) -> Result<Option<ExclusiveLease>, ControlPlaneError> {
        self.lease(ERASURE).await
    }

    /// Begins to move tenants, unless another process is moving some.
    pub async fn begin_moving(&self) -> Result<Option<ExclusiveLease>, ControlPlaneError> {
        self.lease(MOVE).await
    }

    /// Begins to count, release and erase parked events, unless another process is doing so.
    pub async fn begin_parked(&self) -> Result<Option<ExclusiveLease>, ControlPlaneError> {
        self.lease(PARKED).await
    }

    async fn lease(&self, lock: i64) -> Result<Option<ExclusiveLease>, ControlPlaneError> {
        let mut transaction = self.pool.begin().await?;
        let acquired = sqlx::query_scalar(sql!("ledger/try_lock"))
            .bind(lock)
            .fetch_one(&mut transaction)
            .await?;
        Ok(if acquired { Some(ExclusiveLease { transaction }) } else { None })
    }
}
