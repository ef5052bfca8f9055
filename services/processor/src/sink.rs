use std::{sync::Arc, time::Duration};

use aggregates::Aggregates;
use archive::Archive;
use control_plane::ControlPlane;
use lifecycle::{BoxError, Lifecycle};
use stream::{Consumer, KafkaSettings, LogReader, StreamError};
use tenancy::TenantRouter;
use uuid::Uuid;
use warehouse::Warehouse;

use crate::{
    ProcessorError, ProcessorSettings,
    archive::Archiver,
    audit::{self, Auditor},
    generation::Generation,
    history::History,
    live::{Live, Rebuilder},
    member,
    member::Progress,
    record::Kept,
    rejects::Rejects,
    store::Store,
    upkeep,
};

/// How long a batch under way may take to finish when the process is asked to stop.
const BUDGET: Duration = Duration::from_secs(20);

/// Where events go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// ClickHouse.
    Store,
    /// Redis.
    Live,
    /// The archive.
    Archive,
    /// The refused events, to ClickHouse.
    Rejects,
}

impl Sink {
    /// Every sink.
    pub const ALL: [Self; 4] = [Self::Store, Self::Live, Self::Archive, Self::Rejects];

    /// The name of its leases, its metrics' label, and its choice on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Live => "live",
            Self::Archive => "archive",
            Self::Rejects => "rejects",
        }
    }

    /// The name of its consumer group in Kafka: one for each log, where brokers are shared.
    fn group(self, events_topic: &str) -> String {
        format!("{events_topic}.{}", self.as_str())
    }

    /// The names of its tasks.
    const fn tasks(self) -> [&'static str; 2] {
        match self {
            Self::Store => ["store", "store-progress"],
            Self::Live => ["live", "live-progress"],
            Self::Archive => ["archive", "archive-progress"],
            Self::Rejects => ["rejects", "rejects-progress"],
        }
    }

    /// A member of its consumer group, on the log it reads.
    pub(crate) fn join(
        self,
        kafka: &KafkaSettings,
        instance: Option<&str>,
        router: TenantRouter,
    ) -> Result<Consumer, StreamError> {
        let group = self.group(&kafka.events_topic);
        match self {
            Self::Store | Self::Live | Self::Archive => {
                Consumer::join(kafka, &group, instance, router)
            }
            Self::Rejects => Consumer::join_rejects(kafka, &group, instance, router),
        }
    }
}

/// What a processor is made of.
#[derive(Clone)]
pub struct Parts {
    /// How batches are cut.
    pub settings: ProcessorSettings,
    /// Where the log is.
    pub kafka: KafkaSettings,
    /// The ledger, and the lists of campaigns and products.
    pub control_plane: ControlPlane,
    /// ClickHouse.
    pub warehouse: Warehouse,
    /// Redis.
    pub aggregates: Aggregates,
    /// Every record of the log, for good.
    pub archive: Archive,
    /// Tells whose a record is.
    pub router: TenantRouter,
}

/// Starts the members of `sinks`; they run until the lifecycle's end.
///
/// # Errors
/// The log or the ledger cannot be reached.
pub async fn run(
    parts: Parts,
    sinks: &[Sink],
    lifecycle: &Lifecycle,
) -> Result<(), ProcessorError> {
    let ledger = parts.control_plane.ledger();
    let events = LogReader::new(&parts.kafka, parts.router.clone())?;
    let rejects = LogReader::of_rejects(&parts.kafka, parts.router.clone())?;
    let owner = Uuid::now_v7().to_string();
    let memory = parts.settings.recent_ids()?;
    for sink in sinks {
        let reader = match sink {
            Sink::Store | Sink::Live | Sink::Archive => &events,
            Sink::Rejects => &rejects,
        };
        // Each its own: one may come to a new generation while another is still in the last.
        let generation = Generation::find(&parts.kafka, &ledger, reader).await?;
        let (archive, router) = (parts.archive.clone(), parts.router.clone());
        let history = History::new(
            *sink,
            generation.clone(),
            reader.clone(),
            ledger.clone(),
            archive,
            router,
        );
        let log = member::Log {
            sink: *sink,
            generation,
            owner: owner.clone(),
            ledger: ledger.clone(),
            reader: reader.clone(),
            history: history.clone(),
            progress: Progress::default(),
            recent: Kept::new(*sink, memory.clone()),
        };
        tracing::info!(sink = sink.as_str(), kgen = log.kgen(), owner, "joining");
        let [_, progress] = sink.tasks();
        lifecycle.spawn(progress, BUDGET, member::watch(log.clone(), lifecycle.token()));
        match sink {
            Sink::Store => {
                let (control_plane, warehouse) =
                    (parts.control_plane.clone(), parts.warehouse.clone());
                let upkeep = upkeep::run(control_plane, warehouse, lifecycle.token());
                lifecycle.spawn("upkeep", BUDGET, upkeep);
                let audit = audit::watch(
                    Auditor::new(&parts, history, memory.clone()),
                    Duration::from_secs(parts.settings.audit_seconds),
                    lifecycle.token(),
                );
                lifecycle.spawn("audit", BUDGET, audit);
                join(&parts, *sink, &log, Store::new(&parts, log.clone())?, lifecycle);
            }
            Sink::Live => {
                let rebuilder = Rebuilder::new(&parts, log.clone());
                lifecycle.spawn("rebuild", BUDGET, rebuilder.run(lifecycle.token()));
                join(&parts, *sink, &log, Live::new(&parts, log.clone()), lifecycle);
            }
            Sink::Archive => {
                join(&parts, *sink, &log, Archiver::new(&parts, log.clone()), lifecycle);
            }
            Sink::Rejects => {
                join(&parts, *sink, &log, Rejects::new(&parts, log.clone()), lifecycle);
            }
        }
    }
    Ok(())
}

fn join<W: member::Worker>(
    parts: &Parts,
    sink: Sink,
    log: &member::Log,
    worker: W,
    lifecycle: &Lifecycle,
) {
    let member = member::Member {
        kafka: parts.kafka.clone(),
        router: parts.router.clone(),
        sink,
        instance: Some(parts.settings.instance.clone()).filter(|name| !name.is_empty()),
        generation: log.generation.clone(),
        progress: log.progress.clone(),
        token: lifecycle.token(),
    };
    let task = async move {
        member.run(Arc::new(worker)).await;
        Ok::<_, BoxError>(())
    };
    let [name, _] = sink.tasks();
    lifecycle.spawn(name, BUDGET, task);
}
