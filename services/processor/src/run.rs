use std::{sync::Arc, time::Duration};

use control_plane::{Group, Ledger};
use lifecycle::{BoxError, Lifecycle};
use recent_ids::Memory;
use stream::LogReader;
use uuid::Uuid;

use crate::{
    Dependencies, ProcessorError,
    archive::Archiver,
    archive_retention, backups,
    current_generation::CurrentGeneration,
    history::History,
    known_erasures::KnownErasures,
    live::{Live, Rebuilder},
    member::{self, Member, Progress, Worker, WorkerContext},
    moves, offboarding, parked, person_erasures,
    reconcile::{self, Reconciler},
    record::RecentIdsCache,
    rejects::Rejects,
    store::Store,
    upkeep,
};

/// How long a batch under way may take to finish when the process stops.
const BUDGET: Duration = Duration::from_secs(20);

/// Starts one member of each of the `groups`. They run until the lifecycle ends.
///
/// # Errors
/// The log or the ledger is unavailable.
pub async fn run(
    dependencies: Dependencies,
    groups: &[Group],
    lifecycle: &Lifecycle,
) -> Result<(), ProcessorError> {
    let start = Start {
        events: LogReader::new(&dependencies.kafka, dependencies.router.clone())?,
        rejects: LogReader::of_rejects(&dependencies.kafka, dependencies.router.clone())?,
        ledger: dependencies.control_plane.ledger(),
        memory: dependencies.settings.recent_ids()?,
        erasures: KnownErasures::of(&dependencies),
        owner: Uuid::now_v7().to_string(),
        dependencies,
        lifecycle,
    };
    for group in groups {
        let context = start.context(*group).await?;
        tracing::info!(
            sink = group.as_str(),
            generation = %context.generation(),
            owner = start.owner,
            "joining the consumer group"
        );
        let progress = member::watch(context.clone(), lifecycle.token());
        lifecycle.spawn(tasks(*group).progress, BUDGET, progress);
        match group {
            Group::Store => start.store(context)?,
            Group::Live => start.live(context),
            Group::Archive => start.archive(context),
            Group::Rejects => start.rejects(context),
        }
    }
    Ok(())
}

/// What every group is started from.
struct Start<'a> {
    dependencies: Dependencies,
    events: LogReader,
    rejects: LogReader,
    ledger: Ledger,
    memory: Memory,
    erasures: KnownErasures,
    owner: String,
    lifecycle: &'a Lifecycle,
}

impl Start<'_> {
    async fn context(&self, group: Group) -> Result<WorkerContext, ProcessorError> {
        let reader = match group {
            Group::Store | Group::Live | Group::Archive => &self.events,
            Group::Rejects => &self.rejects,
        };
        let Dependencies { kafka, archive, router, .. } = &self.dependencies;
        // Each group has its own: one may reach a new generation while another is in the last.
        let current = CurrentGeneration::find(kafka, &self.ledger, reader).await?;
        let history = History::new(
            group,
            current.clone(),
            reader.clone(),
            self.ledger.clone(),
            archive.clone(),
            router.clone(),
        );
        Ok(WorkerContext {
            group,
            current,
            owner: self.owner.clone(),
            ledger: self.ledger.clone(),
            reader: reader.clone(),
            history,
            progress: Progress::default(),
            erasures: self.erasures.clone(),
            recent_ids: RecentIdsCache::new(group, self.memory.clone()),
        })
    }

    fn store(&self, context: WorkerContext) -> Result<(), ProcessorError> {
        let dependencies = &self.dependencies;
        let token = self.lifecycle.token();
        let upkeep = upkeep::run(dependencies.clone(), token.clone());
        self.lifecycle.spawn("upkeep", BUDGET, upkeep);
        let erasures = offboarding::run(dependencies.clone(), token.clone());
        self.lifecycle.spawn("offboarding", BUDGET, erasures);
        let moves = moves::run(dependencies.clone(), token.clone());
        self.lifecycle.spawn("moves", BUDGET, moves);
        let persons = person_erasures::run(dependencies.clone(), token.clone());
        self.lifecycle.spawn("person-erasures", BUDGET, persons);
        let parked = parked::run(dependencies.clone(), token.clone());
        self.lifecycle.spawn("parked", BUDGET, parked);
        let backups = backups::watch(dependencies.clone(), token.clone());
        self.lifecycle.spawn("backups", BUDGET, backups);
        let expiry = archive_retention::run(dependencies.clone(), token.clone());
        self.lifecycle.spawn("archive-retention", BUDGET, expiry);
        let reconciler =
            Reconciler::new(dependencies, context.history.clone(), self.memory.clone());
        let period = dependencies.settings.reconcile_period();
        self.lifecycle.spawn("reconcile", BUDGET, reconcile::watch(reconciler, period, token));
        self.join(&context, Store::new(dependencies, context.clone())?);
        Ok(())
    }

    fn live(&self, context: WorkerContext) {
        let rebuilder = Rebuilder::new(&self.dependencies, context.clone());
        self.lifecycle.spawn("rebuild", BUDGET, rebuilder.run(self.lifecycle.token()));
        self.join(&context, Live::new(&self.dependencies, context.clone()));
    }

    fn archive(&self, context: WorkerContext) {
        self.join(&context, Archiver::new(&self.dependencies, context.clone()));
    }

    fn rejects(&self, context: WorkerContext) {
        self.join(&context, Rejects::new(&self.dependencies, context.clone()));
    }

    fn join<W: Worker>(&self, context: &WorkerContext, worker: W) {
        let Dependencies { settings, kafka, router, .. } = &self.dependencies;
        let member = Member {
            kafka: kafka.clone(),
            router: router.clone(),
            group: context.group,
            instance: Some(settings.instance.clone()).filter(|name| !name.is_empty()),
            current: context.current.clone(),
            progress: context.progress.clone(),
            token: self.lifecycle.token(),
        };
        let task = async move {
            member.run(Arc::new(worker)).await;
            Ok::<_, BoxError>(())
        };
        self.lifecycle.spawn(tasks(context.group).member, BUDGET, task);
    }
}

/// The names of a group's tasks.
struct Tasks {
    member: &'static str,
    progress: &'static str,
}

const fn tasks(group: Group) -> Tasks {
    match group {
        Group::Store => Tasks { member: "store", progress: "store-progress" },
        Group::Live => Tasks { member: "live", progress: "live-progress" },
        Group::Archive => Tasks { member: "archive", progress: "archive-progress" },
        Group::Rejects => Tasks { member: "rejects", progress: "rejects-progress" },
    }
}
