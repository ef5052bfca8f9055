use std::collections::{BTreeMap, BTreeSet};

use log::LogPlace;
use tenancy::{ClientId, Destination, Scoped};
use warehouse::{RejectedEvent, Warehouse, WarehouseError};

pub(super) type RejectsByDestination =
    BTreeMap<Destination, Vec<Scoped<(LogPlace, RejectedEvent)>>>;

/// The rejects of a batch.
#[derive(Default)]
pub(super) struct Sorted {
    /// For the destinations at which their tenants do not read, because they are moved.
    pub(super) unread: RejectsByDestination,
    /// For those at which they do.
    pub(super) read: RejectsByDestination,
    pub(super) routes: Routes,
    pub(super) count: u64,
}

/// The lowest and the highest route version of each tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Routes(BTreeMap<ClientId, (u32, u32)>);

/// What is stored of a batch. A destination that does not answer is tried again; the others get no copies meanwhile.
pub(super) struct Storing {
    warehouse: Warehouse,
    /// On which this is stored.
    routes: Routes,
    unread: BTreeSet<Destination>,
    read: BTreeSet<Destination>,
}

impl Routes {
    pub(super) fn add(&mut self, tenant: &ClientId, version: u32) {
        let (lowest, highest) = self.0.entry(tenant.clone()).or_insert((version, version));
        *lowest = version.min(*lowest);
        *highest = version.max(*highest);
    }

    /// The lowest version of each tenant.
    pub(super) fn lowest(&self) -> BTreeMap<&ClientId, u32> {
        self.0.iter().map(|(tenant, (lowest, _))| (tenant, *lowest)).collect()
    }
}

impl Storing {
    pub(super) fn new(warehouse: &Warehouse) -> Self {
        let (unread, read) = (BTreeSet::new(), BTreeSet::new());
        Self { warehouse: warehouse.clone(), routes: Routes::default(), unread, read }
    }

    /// Forgets what is stored: the route of a tenant is another one than that on which it was.
    pub(super) fn begin_again(&mut self) {
        self.unread.clear();
        self.read.clear();
    }

    /// Stores what is not stored yet, wherever a destination accepts it. When reads change sides, the other one has
    /// what an answer may have had: so the rejects of tenants that are moved are stored there first.
    ///
    /// # Errors
    /// The first one: some destinations lack rejects.
    pub(super) async fn store(
        &mut self,
        unread: RejectsByDestination,
        read: RejectsByDestination,
        routes: &Routes,
    ) -> Result<(), WarehouseError> {
        // The same rejects have other destinations on other routes.
        if self.routes != *routes {
            self.begin_again();
            self.routes = routes.clone();
        }
        let mut failure = None;
        for (destination, rejects) in unread {
            if self.unread.contains(&destination) {
                continue;
            }
            match self.insert(&destination, rejects).await {
                Ok(()) => {
                    self.unread.insert(destination);
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        for (destination, rejects) in read {
            if self.read.contains(&destination) || self.is_missing_unread(&rejects) {
                continue;
            }
            match self.insert(&destination, rejects).await {
                Ok(()) => {
                    self.read.insert(destination);
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Whether a destination at which one of their tenants does not read lacks rejects.
    fn is_missing_unread(&self, rejects: &[Scoped<(LogPlace, RejectedEvent)>]) -> bool {
        let mut unread = rejects.iter().flat_map(|reject| reject.tenant().destinations().skip(1));
        unread.any(|destination| !self.unread.contains(destination))
    }

    async fn insert(
        &self,
        destination: &Destination,
        rejects: Vec<Scoped<(LogPlace, RejectedEvent)>>,
    ) -> Result<(), WarehouseError> {
        self.warehouse.insert_rejects(destination, &Scoped::group(rejects)).await
    }
}

#[cfg(test)]
mod tests {
    //! On a real ClickHouse.

    use bytes::Bytes;
    use chrono::Utc;
    use clickhouse::Client;
    use tenancy::{Isolation, Placement, TenantContext};
    use testkit::{tenant_context, tenant_record};
    use uuid::Uuid;
    use warehouse::{ClusterSettings, RejectId};

    use super::*;

    async fn tenant(cluster: &str) -> TenantContext {
        let client_id = format!("t-{}", Uuid::now_v7().as_u128() as u64).parse().unwrap();
        let mut record = tenant_record(&client_id);
        let (isolation, cluster) = (Isolation::Schema, cluster.parse().unwrap());
        record.placement = Placement { isolation, cluster, ..record.placement };
        tenant_context(record).await
    }

    #[expect(clippy::disallowed_methods, reason = "a test acts as the consumer of the log")]
    fn reject(tenant: &TenantContext) -> Scoped<(LogPlace, RejectedEvent)> {
        let place = LogPlace::new(1, 0, 7);
        let reject = RejectedEvent {
            id: RejectId::new(Utc::now(), place),
            code: "invalid_value".to_owned(),
            pointer: "/cost".to_owned(),
            reason: "must be a number".to_owned(),
            event_id: None,
            sent_at: None,
            history: false,
            set_aside: false,
            original: Bytes::from_static(b"{}"),
        };
        tenant.scope((place, reject))
    }

    #[tokio::test]
    async fn a_destination_that_answers_gets_no_copies_while_another_one_does_not() {
        let settings: ClusterSettings = testkit::cluster("shared");
        let silent = ClusterSettings { url: "http://127.0.0.1:1".to_owned(), ..settings.clone() };
        let clusters = [("shared", settings.clone()), ("silent", silent)];
        let clusters = clusters.map(|(name, settings)| (name.parse().unwrap(), settings));
        let warehouse = Warehouse::new(clusters);
        let (alive, silent) = (tenant("shared").await, tenant("silent").await);
        warehouse.migrate(alive.destination()).await.unwrap();
        let tenants = [&silent, &alive];
        let rejects: RejectsByDestination =
            tenants.map(|tenant| (tenant.destination().clone(), vec![reject(tenant)])).into();
        let mut routes = Routes::default();
        for tenant in tenants {
            routes.add(tenant.client_id(), tenant.placement().route_version);
        }
        let client = Client::default()
            .with_url(&settings.url)
            .with_user(&settings.writer_user)
            .with_password(settings.writer_password.expose());
        let count = async || {
            let table = format!("{}.rejected_events", alive.destination().database);
            let count = client.query(&format!("SELECT count() FROM {table}"));
            count.fetch_one::<u64>().await.unwrap()
        };

        let mut storing = Storing::new(&warehouse);
        for _ in 0..3 {
            let stored = storing.store(BTreeMap::new(), rejects.clone(), &routes).await;
            assert!(stored.is_err(), "one does not answer");
            assert_eq!(count().await, 1);
        }
        routes.add(alive.client_id(), 2);
        storing.store(BTreeMap::new(), rejects.clone(), &routes).await.unwrap_err();
        assert_eq!(count().await, 2, "on another route, all of it is stored again");
        warehouse.erase_tenant(alive.placement(), alive.client_id()).await.unwrap();
    }
}
