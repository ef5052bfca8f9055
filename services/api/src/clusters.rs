//! The ClickHouse clusters, as admins see and change them.

use control_plane::{Cluster, PlatformControl, RegisteredCluster};
use futures::future::join_all;
use problem::Problem;
use tenancy::{ClusterName, PlatformContext};
use warehouse::{ClusterProbe, ClusterSettings, ProbeError, WarehouseError};

use crate::{failure::Failure, state::Api};

/// The registered clusters.
pub(crate) struct Clusters<'a> {
    api: &'a Api,
    stored: PlatformControl,
}

/// A registered cluster, and what it answered just now.
pub(crate) struct ProbedCluster {
    pub(crate) registered: RegisteredCluster,
    pub(crate) probe: Result<ClusterProbe, ProbeError>,
}

impl<'a> Clusters<'a> {
    pub(crate) fn new(api: &'a Api, context: &PlatformContext) -> Self {
        Self { api, stored: api.control_plane.for_platform(context) }
    }

    /// Returns every cluster, by name, with what it answers now.
    pub(crate) async fn list(&self) -> Result<Vec<ProbedCluster>, Failure> {
        let registered = self.stored.registered_clusters(&self.api.sealer).await?;
        Ok(join_all(registered.into_iter().map(|cluster| self.probed(cluster))).await)
    }

    /// Registers a cluster, or changes its address and accounts, if it answers both of them.
    pub(crate) async fn register(&self, cluster: &Cluster) -> Result<ProbedCluster, Failure> {
        let settings = settings(cluster);
        let probe = self.api.warehouse.probe(&settings).await.map_err(|error| refusal(&error))?;
        self.stored.register_cluster(&self.api.sealer, cluster).await?;
        // This process may place a tenant on it at once; the others read it within ten seconds.
        self.api.warehouse.register(cluster.name.clone(), &settings);
        Ok(ProbedCluster { registered: self.existing(&cluster.name).await?, probe: Ok(probe) })
    }

    /// Drains a cluster. One that is drained stays so.
    pub(crate) async fn drain(&self, name: &ClusterName) -> Result<ProbedCluster, Failure> {
        self.stored.drain_cluster(name).await?;
        Ok(self.probed(self.existing(name).await?).await)
    }

    /// Lets a cluster take new tenants. One that does stays so.
    pub(crate) async fn resume(&self, name: &ClusterName) -> Result<ProbedCluster, Failure> {
        self.stored.resume_cluster(name).await?;
        Ok(self.probed(self.existing(name).await?).await)
    }

    async fn existing(&self, name: &ClusterName) -> Result<RegisteredCluster, Failure> {
        let registered = self.stored.registered_clusters(&self.api.sealer).await?;
        let found = registered.into_iter().find(|registered| registered.cluster.name == *name);
        found.ok_or_else(|| Problem::not_found().into())
    }

    async fn probed(&self, registered: RegisteredCluster) -> ProbedCluster {
        let probe = self.api.warehouse.probe(&settings(&registered.cluster)).await;
        ProbedCluster { registered, probe }
    }
}

fn settings(cluster: &Cluster) -> ClusterSettings {
    let Cluster { url, writer, reader, .. } = cluster.clone();
    ClusterSettings {
        url,
        writer_user: writer.user,
        writer_password: writer.password,
        reader_user: reader.user,
        reader_password: reader.password,
    }
}

/// Returns which field of a cluster is wrong, by what the server answered. The answer itself is not shown: the
/// address may be of something else.
fn refusal(error: &ProbeError) -> Problem {
    match error.source {
        WarehouseError::Refused(_) => {
            let pointer = format!("/{}_user", error.account.as_str());
            Problem::field(pointer, "must be an account of the server, with its password")
        }
        _ => {
            let right =
                "must be the address of a ClickHouse server that answers within two seconds";
            Problem::field("/url", right)
        }
    }
}
