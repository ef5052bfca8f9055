use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tenancy::ClientId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::WarehouseError;

/// How long a report waits for another of the same tenant to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lets each tenant run only so many reports at once, so that it cannot slow another.
#[derive(Default)]
pub(crate) struct Turns {
    tenants: Mutex<HashMap<ClientId, (u16, Arc<Semaphore>)>>,
}

impl Turns {
    /// Waits until fewer than `limit` of the tenant's reports run; this one counts as running
    /// until its turn is dropped.
    pub(crate) async fn take(
        &self,
        client_id: &ClientId,
        limit: u16,
    ) -> Result<OwnedSemaphorePermit, WarehouseError> {
        let turn = self.semaphore(client_id, limit).acquire_owned();
        match tokio::time::timeout(PATIENCE, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(WarehouseError::Busy),
        }
    }

    /// The tenant's semaphore; a new one when its limit was changed.
    fn semaphore(&self, client_id: &ClientId, limit: u16) -> Arc<Semaphore> {
        let new = || (limit, Arc::new(Semaphore::new(usize::from(limit))));
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = tenants.entry(client_id.clone()).or_insert_with(new);
        if entry.0 != limit {
            *entry = new();
        }
        Arc::clone(&entry.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_tenant_waits_for_its_own_reports_and_no_others() {
        let turns = Turns::default();
        let [ours, theirs] = ["ours", "theirs"].map(|id| id.parse().unwrap());
        let first = turns.take(&ours, 1).await.unwrap();
        let soon = Duration::from_millis(50);
        assert!(tokio::time::timeout(soon, turns.take(&ours, 1)).await.is_err());
        assert!(tokio::time::timeout(soon, turns.take(&theirs, 1)).await.is_ok());
        drop(first);
        assert!(tokio::time::timeout(soon, turns.take(&ours, 1)).await.is_ok());
    }
}
