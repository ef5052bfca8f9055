use std::{sync::Arc, time::Duration};

use aggregates::Aggregates;
use archive::Archive;
use auth::{Sealer, SigningKeys, TokenSigner};
use chrono::Utc;
use control_plane::{
    Cluster, ControlPlane, ControlPlaneError, Group, PlatformControl, SealedDataKeys,
};
use lifecycle::{Lifecycle, every};
use spool::Spool;
use stream::{LogReader, Producer};
use tenancy::{PlatformContext, TenantRouter};
use warehouse::{ClusterSettings, Warehouse};
use web::WebState;

use crate::{configuration::Configuration, exit::Failure, signing_keys::Followers};

/// How often clusters are read again, to learn of clusters that other processes register.
const CLUSTERS_EVERY: Duration = Duration::from_secs(10);

/// The stores that services and operator commands use, connected as the settings say.
pub(crate) struct Dependencies {
    pub(crate) configuration: Configuration,
    pub(crate) sealer: Sealer,
    pub(crate) control_plane: ControlPlane,
    pub(crate) warehouse: Warehouse,
    pub(crate) aggregates: Aggregates,
    pub(crate) archive: Archive,
}

/// Returns the platform's context for the operator, who holds all secrets anyway.
pub(crate) fn operator() -> PlatformContext {
    #[expect(clippy::disallowed_methods, reason = "the operator's command line is the platform")]
    TenantRouter::platform("command line")
}

impl Dependencies {
    /// Connects to PostgreSQL; the other stores connect at first use.
    pub(crate) async fn connect(configuration: Configuration) -> Result<Self, Failure> {
        let sealer = configuration.secrets.sealer().await?;
        let control_plane = ControlPlane::connect(&configuration.postgres).await?;
        let aggregates = Aggregates::connect(&configuration.redis).map_err(Failure::usage)?;
        let keys = SealedDataKeys::new(control_plane.for_platform(&operator()), sealer.clone());
        let archive =
            Archive::new(&configuration.archive, Arc::new(keys)).map_err(Failure::usage)?;
        let warehouse = Warehouse::with_tls(&configuration.clickhouse).map_err(Failure::usage)?;
        Ok(Self { configuration, sealer, control_plane, warehouse, aggregates, archive })
    }

    /// Returns the control plane of the platform, acting as the operator.
    pub(crate) fn platform(&self) -> PlatformControl {
        self.control_plane.for_platform(&operator())
    }

    /// Reads the registered clusters and registers them in the warehouse.
    pub(crate) async fn read_clusters(&self) -> Result<Vec<Cluster>, Failure> {
        let clusters = self.platform().clusters(&self.sealer).await?;
        register(&self.warehouse, &clusters);
        Ok(clusters)
    }

    /// Keeps cached tenants, keys and clusters up to date until `lifecycle` stops.
    pub(crate) async fn keep_current(&self, lifecycle: &Lifecycle) -> Result<(), Failure> {
        self.control_plane.listen(lifecycle);
        let mut known = self.read_clusters().await?;
        let platform = self.platform();
        let sealer = self.sealer.clone();
        let warehouse = self.warehouse.clone();
        let token = lifecycle.token();
        lifecycle.spawn("clusters", Duration::from_secs(1), async move {
            let mut rounds = every(CLUSTERS_EVERY, token, "read the registered clusters");
            while rounds.begin().await {
                let read = async {
                    register(&warehouse, &changed(&platform, &sealer, &mut known).await?);
                    Ok(())
                };
                rounds.run(read).await;
            }
            Ok(())
        });
        Ok(())
    }

    /// Starts a collector.
    pub(crate) async fn start_collector(&self, lifecycle: &Lifecycle) -> Result<(), Failure> {
        let (web, _) = self.web(lifecycle).await?;
        let (producer, spool) = log_of(&self.configuration).await?;
        let aggregates = self.aggregates.clone();
        let dependencies = collector::Dependencies { web, producer, spool, aggregates };
        collector::run(&self.configuration.collector, dependencies, lifecycle)
            .map(drop)
            .map_err(Failure::usage)
    }

    /// Starts a member of each consumer group.
    pub(crate) async fn start_processor(
        &self,
        groups: &[Group],
        lifecycle: &Lifecycle,
    ) -> Result<(), Failure> {
        Ok(processor::run(self.processor(), groups, lifecycle).await?)
    }

    /// Returns what a processor, a reconciliation and a backfill need.
    pub(crate) fn processor(&self) -> processor::Dependencies {
        processor::Dependencies {
            settings: self.configuration.processor.clone(),
            kafka: self.configuration.kafka.clone(),
            control_plane: self.control_plane.clone(),
            warehouse: self.warehouse.clone(),
            aggregates: self.aggregates.clone(),
            archive: self.archive.clone(),
            sealer: self.sealer.clone(),
            router: TenantRouter::new(Arc::new(self.control_plane.clone())),
        }
    }

    /// Starts an api.
    pub(crate) async fn start_api(&self, lifecycle: &Lifecycle) -> Result<(), Failure> {
        let (web, signer) = self.web(lifecycle).await?;
        let router = TenantRouter::new(Arc::new(self.control_plane.clone()));
        let dependencies = api::Dependencies {
            control_plane: self.control_plane.clone(),
            aggregates: self.aggregates.clone(),
            warehouse: self.warehouse.clone(),
            report_files: self.archive.report_files(),
            producer: Producer::new(&self.configuration.kafka).map_err(Failure::usage)?,
            parked: LogReader::of_parked(&self.configuration.kafka, router)
                .map_err(Failure::usage)?,
            sealer: self.sealer.clone(),
            signer,
            tokens: self.configuration.tokens.clone(),
            events_topic: self.configuration.kafka.events_topic.clone(),
            web,
        };
        api::run(&self.configuration.api, dependencies, lifecycle).map(drop).map_err(Failure::usage)
    }

    /// Returns the state that resolves credentials to tenants, and the signer of tokens. Both follow
    /// the signing keys until `lifecycle` stops.
    async fn web(&self, lifecycle: &Lifecycle) -> Result<(WebState, TokenSigner), Failure> {
        let tokens = &self.configuration.tokens;
        let lifetime = tokens.access_lifetime();
        let keys = SigningKeys::load(&self.control_plane, &self.sealer, lifetime, Utc::now());
        let keys = keys.await?;
        let verifier = tokens.verifier(&keys.accepted).map_err(Failure::other)?;
        let signer = tokens.signer(&keys.signing).map_err(Failure::other)?;
        let control_plane = Arc::new(self.control_plane.clone());
        let web = WebState::new(control_plane.clone(), control_plane.clone(), verifier.clone());
        let followers = Followers {
            store: control_plane,
            sealer: self.sealer.clone(),
            lifetime,
            signer: signer.clone(),
            verifier,
            accepted: keys.accepted,
        };
        followers.start(lifecycle);
        Ok((web, signer))
    }
}

/// Returns what a collector writes to: Kafka, and its spool.
pub(crate) async fn log_of(configuration: &Configuration) -> Result<(Producer, Spool), Failure> {
    let producer = Producer::new(&configuration.kafka).map_err(Failure::usage)?;
    let settings = configuration.spool.clone();
    let spool = tokio::task::spawn_blocking(move || Spool::open(&settings));
    Ok((producer, spool.await.map_err(Failure::other)??))
}

/// Returns the clusters that are new or changed, and updates `known`.
async fn changed(
    platform: &PlatformControl,
    sealer: &Sealer,
    known: &mut Vec<Cluster>,
) -> Result<Vec<Cluster>, ControlPlaneError> {
    let clusters = platform.clusters(sealer).await?;
    let changed = clusters.iter().filter(|cluster| !known.contains(cluster)).cloned().collect();
    *known = clusters;
    Ok(changed)
}

fn register(warehouse: &Warehouse, clusters: &[Cluster]) {
    for cluster in clusters {
        let Cluster { name, url, writer, reader } = cluster.clone();
        let settings = ClusterSettings {
            url,
            writer_user: writer.user,
            writer_password: writer.password,
            reader_user: reader.user,
            reader_password: reader.password,
        };
        warehouse.register(name, &settings);
    }
}
