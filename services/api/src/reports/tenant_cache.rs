use std::{hash::Hash, sync::Arc, time::Duration};

use moka::future::Cache;
use tenancy::{ClientId, TenantContext};

/// Values of tenants in memory. Every key begins with a tenant's id, which only a [`TenantContext`]
/// gives: no tenant gets another's value.
#[derive(Clone)]
pub(crate) struct TenantCache<K, V>(Cache<(ClientId, K), V>);

/// A value, and whether it was there already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cached<V> {
    /// It was in memory.
    Found(V),
    /// Another request computed it meanwhile.
    Shared(V),
    /// It was computed.
    Computed(V),
}

impl<K, V> TenantCache<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Creates a cache of at most `capacity` values, each used for `lifetime`.
    pub(crate) fn new(capacity: u64, lifetime: Duration) -> Self {
        Self(Cache::builder().max_capacity(capacity).time_to_live(lifetime).build())
    }

    /// Returns the tenant's value at `key`, or that of `compute`, which runs once for all concurrent
    /// requests.
    ///
    /// # Errors
    /// That of `compute`.
    pub(crate) async fn get<E: Send + Sync + 'static>(
        &self,
        tenant: &TenantContext,
        key: K,
        compute: impl AsyncFnOnce(&K) -> Result<V, E>,
    ) -> Result<Cached<V>, Arc<E>> {
        let key = (tenant.client_id().clone(), key);
        if let Some(found) = self.0.get(&key).await {
            return Ok(Cached::Found(found));
        }
        let mut computed = false;
        // Boxed, so that the future of a hit, which actix copies, is small.
        let value = Box::pin(self.0.try_get_with_by_ref(&key, async {
            computed = true;
            compute(&key.1).await
        }));
        let value = value.await?;
        Ok(if computed { Cached::Computed(value) } else { Cached::Shared(value) })
    }
}

#[cfg(test)]
mod tests {
    use tenancy::{TenantDirectory, TenantRouter};

    use super::*;
    use crate::failure::Failure;

    /// A directory in which every tenant exists.
    struct AnyTenant;

    #[async_trait::async_trait]
    impl TenantDirectory for AnyTenant {
        async fn find(
            &self,
            client_id: &ClientId,
        ) -> Result<Option<tenancy::TenantRecord>, tenancy::DirectoryError> {
            Ok(Some(testkit::tenant_record(client_id)))
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a test acts as the log's consumer")]
    async fn tenant(id: &str) -> TenantContext {
        let router = TenantRouter::new(Arc::new(AnyTenant));
        router.resolve_record(&id.parse().unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_tenant_gets_its_own_value_and_no_others() {
        let cache = TenantCache::new(10, Duration::from_mins(1));
        let [acme, globex] = [tenant("acme").await, tenant("globex").await];
        let compute = async |tenant, value| {
            cache.get(tenant, "spring", async |_: &&str| Ok::<_, Failure>(value)).await.unwrap()
        };
        assert_eq!(compute(&acme, 1).await, Cached::Computed(1));
        assert_eq!(compute(&globex, 2).await, Cached::Computed(2));
        assert_eq!(compute(&acme, 3).await, Cached::Found(1));
    }

    #[tokio::test]
    async fn the_future_of_a_hit_does_not_hold_the_computation() {
        let cache = TenantCache::new(10, Duration::from_mins(1));
        let acme = tenant("acme").await;
        let large = async |_: &&str| {
            let scratch = [0_u8; 100_000];
            tokio::task::yield_now().await;
            Ok::<_, Failure>(scratch.len())
        };
        let get = cache.get(&acme, "spring", large);
        assert!(size_of_val(&get) < 1000, "{}", size_of_val(&get));
        assert_eq!(get.await.unwrap(), Cached::Computed(100_000));
    }

    #[tokio::test]
    async fn equal_requests_at_once_compute_once() {
        let cache = TenantCache::new(10, Duration::from_mins(1));
        let acme = tenant("acme").await;
        let get = async |value| {
            let slow = async |_: &&str| {
                tokio::task::yield_now().await;
                Ok::<_, Failure>(value)
            };
            cache.get(&acme, "spring", slow).await.unwrap()
        };
        let both = tokio::join!(get(1), get(2));
        assert_eq!(both, (Cached::Computed(1), Cached::Shared(1)));
    }
}
