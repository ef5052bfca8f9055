use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use telemetry::{Gauge, Histogram};
use tenancy::{ClientId, ClusterName};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::WarehouseError;

/// How long a report waits until another report ends.
const SLOT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many reports a cluster runs at once for each core of this process. More would wait in
/// ClickHouse instead of here, and each would take longer.
const PER_CORE: usize = 2;

/// How many exports run at once in a cluster.
const EXPORTS: usize = 2;

/// How many reports of a tenant wait at once. More are refused at once: they would only take up memory until
/// their clients give up.
const MOST_WAITING: usize = 256;

/// Limits how many reports run at once: each tenant's, so that it cannot slow other tenants, and each
/// cluster's.
pub(crate) struct QuerySlots {
    tenants: Mutex<HashMap<ClientId, Limit>>,
    clusters: Mutex<HashMap<ClusterName, Limit>>,
    queues: Mutex<HashMap<ClientId, Limit>>,
    per_cluster: usize,
    /// The label of the metrics.
    kind: &'static str,
    /// How many reports of each tenant have begun since they were last taken.
    begun: Mutex<BTreeMap<ClientId, u64>>,
}

/// A limit, and what enforces it.
type Limit = (usize, Arc<Semaphore>);

/// The place of a running report, until it is dropped.
#[derive(Debug)]
pub(crate) struct QuerySlot {
    _tenant: OwnedSemaphorePermit,
    _cluster: OwnedSemaphorePermit,
    _running: Running,
    /// How long it was waited for.
    pub(crate) waited: Duration,
}

/// A report that waits for its place, in the metrics.
struct Waiting {
    kind: &'static str,
    since: Instant,
}

/// A report that has its place, in the metrics.
#[derive(Debug)]
struct Running {
    kind: &'static str,
}

/// Limits how many exports run at once: a slow client keeps its place for long, and takes none of a
/// report's.
pub(crate) struct ExportSlots(pub(crate) QuerySlots);

impl Default for ExportSlots {
    fn default() -> Self {
        Self(QuerySlots { per_cluster: EXPORTS, kind: "export", ..QuerySlots::default() })
    }
}

impl Default for QuerySlots {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            tenants: Mutex::default(),
            clusters: Mutex::default(),
            queues: Mutex::default(),
            per_cluster: PER_CORE * cores,
            kind: "report",
            begun: Mutex::default(),
        }
    }
}

impl QuerySlots {
    /// Waits until fewer than `limit` of the tenant's reports run, and fewer than possible of its
    /// cluster's. A tenant gets at most half of the cluster's slots, and has at most as many reports in the
    /// queue of the cluster: whatever else it wants waits in a queue of its own. The slot is taken until it
    /// is dropped.
    ///
    /// # Errors
    /// [`WarehouseError::Busy`] if the tenant's queue is full, or its reports took too long.
    pub(crate) async fn acquire(
        &self,
        cluster: &ClusterName,
        client_id: &ClientId,
        limit: u16,
    ) -> Result<QuerySlot, WarehouseError> {
        let queue = semaphore(&self.queues, client_id, MOST_WAITING).try_acquire_owned();
        let _queued = queue.map_err(|_| WarehouseError::Busy)?;
        let waiting = Waiting::new(self.kind);
        // The tenant's first: a tenant that waits for its own reports takes no slot of the others.
        let limit = usize::from(limit).min(self.per_cluster.div_ceil(2));
        let tenant = semaphore(&self.tenants, client_id, limit).acquire_owned();
        let tenant = in_time(tenant).await.ok_or(WarehouseError::Busy)?;
        let cluster = semaphore(&self.clusters, cluster, self.per_cluster).acquire_owned();
        let cluster = in_time(cluster).await;
        let cluster =
            cluster.ok_or_else(|| WarehouseError::Unavailable("all slots taken".into()))?;
        *self.begun().entry(client_id.clone()).or_default() += 1;
        let waited = waiting.since.elapsed();
        let running = Running::new(self.kind);
        Ok(QuerySlot { _tenant: tenant, _cluster: cluster, _running: running, waited })
    }

    /// Returns how many reports of each tenant have begun since the last call, and forgets them.
    pub(crate) fn take_counts(&self) -> BTreeMap<ClientId, u64> {
        std::mem::take(&mut *self.begun())
    }

    fn begun(&self) -> MutexGuard<'_, BTreeMap<ClientId, u64>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn new(kind: &'static str) -> Self {
        Gauge::QueriesWaiting.add(&[kind], 1);
        Self { kind, since: Instant::now() }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        Gauge::QueriesWaiting.add(&[self.kind], -1);
        Histogram::QueueSeconds.observe(&[self.kind], self.since.elapsed());
    }
}

impl Running {
    fn new(kind: &'static str) -> Self {
        Gauge::QueriesRunning.add(&[kind], 1);
        Self { kind }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        Gauge::QueriesRunning.add(&[self.kind], -1);
    }
}

/// Returns the semaphore at `key`; a new one when its limit has changed.
fn semaphore<K: Clone + Eq + Hash>(
    semaphores: &Mutex<HashMap<K, Limit>>,
    key: &K,
    limit: usize,
) -> Arc<Semaphore> {
    let new = || (limit, Arc::new(Semaphore::new(limit)));
    let mut semaphores = semaphores.lock().unwrap_or_else(PoisonError::into_inner);
    let entry = semaphores.entry(key.clone()).or_insert_with(new);
    if entry.0 != limit {
        *entry = new();
    }
    Arc::clone(&entry.1)
}

/// Returns the permit; `None` if it took too long.
async fn in_time<E>(
    permit: impl Future<Output = Result<OwnedSemaphorePermit, E>>,
) -> Option<OwnedSemaphorePermit> {
    tokio::time::timeout(SLOT_TIMEOUT, permit).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    /// How long a report runs, and more than a free slot takes on a busy machine. A report that wrongly waits
    /// for all others gets no slot within [`SLOT_TIMEOUT`], ten times as long.
    const SOON: Duration = Duration::from_secs(1);

    fn slots(per_cluster: usize) -> QuerySlots {
        QuerySlots { per_cluster, ..QuerySlots::default() }
    }

    async fn is_free(slots: &QuerySlots, cluster: &str, client_id: &str) -> bool {
        let cluster = cluster.parse().unwrap();
        let client_id = client_id.parse().unwrap();
        tokio::time::timeout(SOON, slots.acquire(&cluster, &client_id, 1)).await.is_ok()
    }

    #[tokio::test]
    async fn a_tenant_waits_for_its_own_reports_and_no_others() {
        let slots = slots(10);
        let cluster = "shared".parse().unwrap();
        let ours = "ours".parse().unwrap();
        let first = slots.acquire(&cluster, &ours, 1).await.unwrap();
        assert!(!is_free(&slots, "shared", "ours").await);
        assert!(is_free(&slots, "shared", "theirs").await);
        drop(first);
        assert!(is_free(&slots, "shared", "ours").await);
    }

    #[tokio::test]
    async fn a_tenant_never_takes_all_slots_of_its_cluster() {
        let slots = slots(4);
        let cluster = "shared".parse().unwrap();
        let ours = "ours".parse().unwrap();
        let _running = [
            slots.acquire(&cluster, &ours, 16).await.unwrap(),
            slots.acquire(&cluster, &ours, 16).await.unwrap(),
        ];
        let third = tokio::time::timeout(SOON, slots.acquire(&cluster, &ours, 16)).await;
        assert!(third.is_err());
        assert!(is_free(&slots, "shared", "theirs").await);
    }

    #[tokio::test]
    async fn a_cluster_runs_a_limited_number_of_reports_of_all_tenants() {
        let slots = slots(2);
        let cluster = "shared".parse().unwrap();
        let mut running = Vec::new();
        for tenant in ["one", "two"] {
            let tenant = tenant.parse().unwrap();
            running.push(slots.acquire(&cluster, &tenant, 1).await.unwrap());
        }
        assert!(!is_free(&slots, "shared", "three").await);
        assert!(is_free(&slots, "another", "four").await);
        running.pop();
        assert!(is_free(&slots, "shared", "three").await);
    }

    #[tokio::test]
    async fn a_tenant_that_waits_for_its_own_reports_takes_no_slot_of_others() {
        let slots = slots(2);
        let cluster = "shared".parse().unwrap();
        let ours = "ours".parse().unwrap();
        let _first = slots.acquire(&cluster, &ours, 1).await.unwrap();
        let waiting = slots.acquire(&cluster, &ours, 1);
        let others = async { assert!(is_free(&slots, "shared", "theirs").await) };
        tokio::select! {
            biased;
            _ = waiting => panic!("the tenant's only slot is taken"),
            () = others => {}
        }
    }
    #[tokio::test]
    async fn a_tenant_with_fifty_waiting_reports_keeps_no_other_waiting() {
        let slots = Arc::new(slots(4));
        let noisy: ClientId = "noisy".parse().unwrap();
        let cluster: ClusterName = "shared".parse().unwrap();
        let run = |client_id: ClientId| {
            let (slots, cluster) = (Arc::clone(&slots), cluster.clone());
            async move {
                let slot = slots.acquire(&cluster, &client_id, 16).await.unwrap();
                tokio::time::sleep(SOON).await;
                slot.waited
            }
        };
        let mut fifty = JoinSet::new();
        (0..50).for_each(|_| drop(fifty.spawn(run(noisy.clone()))));
        tokio::time::sleep(SOON / 2).await;
        for quiet in ["one", "two", "three"] {
            let waited = run(quiet.parse().unwrap()).await;
            assert!(waited < SOON / 2, "{quiet} waited for {waited:?}");
        }
        while fifty.try_join_next().is_some() {}
        assert!(!fifty.is_empty(), "all of them were done before");
    }

    #[tokio::test]
    async fn two_noisy_tenants_and_a_quiet_one_take_turns() {
        let slots = Arc::new(slots(2));
        let cluster: ClusterName = "shared".parse().unwrap();
        let mut noisy = JoinSet::new();
        for name in ["noisy", "loud"] {
            for _ in 0..50 {
                let (slots, cluster) = (Arc::clone(&slots), cluster.clone());
                noisy.spawn(async move {
                    let slot = slots.acquire(&cluster, &name.parse().unwrap(), 16).await;
                    tokio::time::sleep(SOON).await;
                    drop(slot);
                });
            }
        }
        tokio::time::sleep(SOON / 2).await;
        let slot = slots.acquire(&cluster, &"quiet".parse().unwrap(), 16).await.unwrap();
        // Of each other tenant, at most one report is before it.
        assert!(slot.waited < SOON * 4, "{:?}", slot.waited);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let slots = Arc::new(slots(2));
        let cluster: ClusterName = "shared".parse().unwrap();
        let ours: ClientId = "ours".parse().unwrap();
        let _running = slots.acquire(&cluster, &ours, 1).await.unwrap();
        let mut waiting = JoinSet::new();
        for _ in 0..MOST_WAITING {
            let (slots, cluster, ours) = (Arc::clone(&slots), cluster.clone(), ours.clone());
            waiting.spawn(async move { slots.acquire(&cluster, &ours, 1).await });
        }
        tokio::time::sleep(SOON / 2).await;
        let began = Instant::now();
        let refused = slots.acquire(&cluster, &ours, 1).await;
        assert!(matches!(refused, Err(WarehouseError::Busy)), "{refused:?}");
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        assert!(is_free(&slots, "shared", "theirs").await);
    }

    #[tokio::test]
    async fn a_report_is_counted_as_running_as_long_as_it_has_its_place() {
        let slots = QuerySlots { kind: "test", ..slots(1) };
        let running = || Gauge::QueriesRunning.value(&["test"]);
        let cluster = "shared".parse().unwrap();
        let slot = slots.acquire(&cluster, &"ours".parse().unwrap(), 1).await.unwrap();
        assert_eq!(running(), 1);
        drop(slot);
        assert_eq!(running(), 0);
    }
}
