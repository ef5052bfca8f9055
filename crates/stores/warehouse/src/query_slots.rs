use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tenancy::ClientId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::WarehouseError;

/// How long a report waits until another report of the same tenant ends.
const SLOT_TIMEOUT: Duration = Duration::from_secs(10);

/// Limits how many reports each tenant runs at once, so that it cannot slow other tenants.
#[derive(Default)]
pub(crate) struct QuerySlots {
    tenants: Mutex<HashMap<ClientId, (u16, Arc<Semaphore>)>>,
}

impl QuerySlots {
    /// Waits until fewer than `limit` of the tenant's reports run. The slot is taken until the
    /// permit is dropped.
    pub(crate) async fn acquire(
        &self,
        client_id: &ClientId,
        limit: u16,
    ) -> Result<OwnedSemaphorePermit, WarehouseError> {
        let slot = self.semaphore(client_id, limit).acquire_owned();
        match tokio::time::timeout(SLOT_TIMEOUT, slot).await {
            Ok(Ok(slot)) => Ok(slot),
            Ok(Err(_)) | Err(_) => Err(WarehouseError::Busy),
        }
    }

    /// Returns the tenant's semaphore; a new one when its limit has changed.
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
        let slots = QuerySlots::default();
        let [ours, theirs] = ["ours", "theirs"].map(|id| id.parse().unwrap());
        let first = slots.acquire(&ours, 1).await.unwrap();
        let soon = Duration::from_millis(50);
        assert!(tokio::time::timeout(soon, slots.acquire(&ours, 1)).await.is_err());
        assert!(tokio::time::timeout(soon, slots.acquire(&theirs, 1)).await.is_ok());
        drop(first);
        assert!(tokio::time::timeout(soon, slots.acquire(&ours, 1)).await.is_ok());
    }
}
