use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use log::{Generation, Partition};
use tenancy::{ClusterName, Destination, TenantContext};

use tls::TlsError;

use crate::{
    BlockBuilder, ClickHouseSettings, ClusterSettings, TenantWarehouse, WarehouseError,
    block::ColumnPool,
    cluster::Cluster,
    connector::Connector,
    driver::within,
    query_slots::{ExportSlots, QuerySlots},
};

/// How long a server may take to answer a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// All ClickHouse clusters of the platform. Clones share their state.
#[derive(Clone, Default)]
pub struct Warehouse {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Default)]
pub(crate) struct Shared {
    clusters: RwLock<BTreeMap<ClusterName, Cluster>>,
    pub(crate) query_slots: QuerySlots,
    pub(crate) export_slots: ExportSlots,
    pub(crate) columns: ColumnPool,
    /// For clusters with TLS.
    connector: Option<Connector>,
}

impl Warehouse {
    /// Creates a warehouse without clusters, which may have TLS.
    ///
    /// # Errors
    /// The certificates cannot be used.
    pub fn with_tls(settings: &ClickHouseSettings) -> Result<Self, TlsError> {
        let connector = Some(Connector::new(&settings.tls)?);
        Ok(Self { shared: Arc::new(Shared { connector, ..Shared::default() }) })
    }

    /// Creates a warehouse of these clusters, without TLS. It sends nothing yet.
    pub fn new(clusters: impl IntoIterator<Item = (ClusterName, ClusterSettings)>) -> Self {
        let warehouse = Self::default();
        for (name, settings) in clusters {
            warehouse.register(name, &settings);
        }
        warehouse
    }

    /// Adds a cluster, or replaces its settings.
    pub fn register(&self, name: ClusterName, settings: &ClusterSettings) {
        let mut clusters = self.shared.clusters.write().unwrap_or_else(PoisonError::into_inner);
        clusters.insert(name, self.connect(settings));
    }

    /// Returns the clients of a cluster that may not be registered.
    pub(crate) fn connect(&self, settings: &ClusterSettings) -> Cluster {
        Cluster::new(settings, self.shared.connector.as_ref())
    }

    /// Checks that the cluster answers.
    pub async fn ping(&self, cluster: &ClusterName) -> Result<(), WarehouseError> {
        let server = self.cluster(cluster)?.server();
        let sql = include_str!("../queries/platform/ping.sql");
        within(PING_TIMEOUT, server.query_raw(sql).execute()).await
    }

    /// Returns the reports of one tenant. Reports are read in no other way.
    pub fn for_tenant(&self, context: &TenantContext) -> TenantWarehouse {
        TenantWarehouse::new(self.clone(), context.clone())
    }

    pub(crate) fn cluster(&self, name: &ClusterName) -> Result<Cluster, WarehouseError> {
        let clusters = self.shared.clusters.read().unwrap_or_else(PoisonError::into_inner);
        clusters.get(name).cloned().ok_or_else(|| WarehouseError::UnknownCluster(name.clone()))
    }

    /// Returns a client of the writer account, in the database of `destination`.
    pub(crate) fn writer(
        &self,
        destination: &Destination,
    ) -> Result<clickhouse::Client, WarehouseError> {
        Ok(self.cluster(&destination.cluster)?.writer(destination))
    }

    /// Returns a builder of the rows of one partition of the log.
    pub fn block(&self, generation: Generation, partition: Partition) -> BlockBuilder {
        BlockBuilder::new(generation, partition, Arc::clone(&self.shared))
    }
}
