use std::{collections::BTreeSet, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{ControlPlane, Group, TenantDetail};
use processor::{
    Backfill, Reconcile, ReconcileReport, SettledArchive, erase_persons_again, erase_tenants_again,
    settle_archive,
};
use tenancy::{Destination, Placement, TenantState};

use super::{
    backup::{file_of, is_kept, log_of, of_store, place, refused, rejected},
    migrate::register_clusters,
};
use crate::{
    backup::{ArchiveCopy, BackupFolder, ClickhouseCopy, Manifest, PostgresCopy},
    cli::{RestoreCommand, Restored, StoreName, includes},
    configuration::Configuration,
    dependencies::Dependencies,
    exit::Failure,
    output::{self, Progress},
};

/// How much earlier than its copy a batch may have been marked that is not in it: clocks differ.
const MARGIN: TimeDelta = TimeDelta::hours(1);

/// Plans of batches are retained for longer than this. Rows of earlier batches are found by their records.
const PLANS: TimeDelta = TimeDelta::days(6);

/// What to do when the stores are restored.
const THEN: &str = "Start the processors. When they have caught up: `footfall restore settle`.";

/// Runs `footfall restore …`.
pub(crate) async fn run(
    configuration: Configuration,
    command: RestoreCommand,
) -> Result<(), Failure> {
    match command {
        RestoreCommand::Stores { restored, new_log } => {
            stores(configuration, restored, new_log).await
        }
        RestoreCommand::Settle { restored } => settle(configuration, restored).await,
    }
}

/// The chosen stores of a backup.
struct Source {
    folder: BackupFolder,
    manifest: Manifest,
}

impl Source {
    fn open(from: &Path, only: &[StoreName]) -> Result<Self, Failure> {
        let no_name =
            || Failure::Usage(format!("{} is not the folder of a backup", from.display()));
        let folder = BackupFolder::of(from).ok_or_else(no_name)?;
        let mut manifest = folder.manifest().map_err(rejected)?;
        let lacks = |store, is_there: bool| only.contains(&store) && !is_there;
        if lacks(StoreName::Postgres, manifest.postgres.is_some())
            || lacks(StoreName::Clickhouse, manifest.clickhouse.is_some())
            || lacks(StoreName::Archive, manifest.archive.is_some())
        {
            return Err(Failure::Usage(format!("{} has not all of these stores", folder.name())));
        }
        manifest.postgres = manifest.postgres.filter(|_| includes(only, StoreName::Postgres));
        manifest.clickhouse = manifest.clickhouse.filter(|_| includes(only, StoreName::Clickhouse));
        manifest.archive = manifest.archive.filter(|_| includes(only, StoreName::Archive));
        Ok(Self { folder, manifest })
    }
}

/// What was restored, and as of when.
#[derive(Default)]
struct Settled {
    postgres: Option<DateTime<Utc>>,
    clickhouse: Option<ClickhouseCopy>,
    archive: Option<DateTime<Utc>>,
}

impl Settled {
    fn of(restored: &Restored) -> Result<Self, Failure> {
        if let Some(until) = restored.until {
            return Ok(Self { postgres: Some(past(until)?), ..Self::default() });
        }
        let Source { manifest, .. } = Source::open(folder_of(restored)?, &restored.only)?;
        Ok(Self {
            postgres: manifest.postgres.map(|copy| copy.copied_at),
            clickhouse: manifest.clickhouse,
            archive: manifest.archive.map(|copy| copy.copied_at),
        })
    }

    /// Returns the time since which a restored store may lack something.
    fn earliest(&self) -> Option<DateTime<Utc>> {
        let clickhouse = self.clickhouse.as_ref().map(|copy| copy.copied_at);
        let times = [self.postgres, clickhouse, self.archive];
        Some(times.into_iter().flatten().min()? - MARGIN)
    }
}

fn folder_of(restored: &Restored) -> Result<&Path, Failure> {
    restored.from.as_deref().ok_or_else(|| Failure::Usage("--from or --until is needed".to_owned()))
}

/// Returns the time of a recovery, which is over.
fn past(until: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    if until > Utc::now() {
        return Err(Failure::Usage(format!("{until} is in the future")));
    }
    Ok(until)
}

async fn stores(
    configuration: Configuration,
    restored: Restored,
    new_log: bool,
) -> Result<(), Failure> {
    if let Some(until) = restored.until {
        return recovered(configuration, past(until)?).await;
    }
    let Source { folder, manifest } = Source::open(folder_of(&restored)?, &restored.only)?;
    manifest.must_have(&ControlPlane::known_migrations()).map_err(rejected)?;
    let dependencies = Dependencies::connect(configuration).await?;
    if !new_log {
        manifest.must_be_of(&log_of(&dependencies).await?).map_err(rejected)?;
    }
    // The order in which each needs the one before: clusters and erased tenants are rows of PostgreSQL.
    if let Some(copy) = &manifest.postgres {
        restore_postgres(&dependencies, &folder, copy).await?;
    }
    // The addresses are those of now.
    register_clusters(&dependencies).await?;
    if let Some(copy) = &manifest.clickhouse {
        restore_clickhouse(&dependencies, folder.name(), copy).await?;
    }
    if let Some(copy) = &manifest.archive {
        restore_archive(&dependencies, &folder, copy).await?;
    }
    output::line(THEN);
    Ok(())
}

/// Prepares a PostgreSQL that its server has recovered from its own log, as [`restore_postgres`] leaves one.
async fn recovered(configuration: Configuration, until: DateTime<Utc>) -> Result<(), Failure> {
    let dependencies = Dependencies::connect(configuration).await?;
    if !dependencies.control_plane.has_tables().await? {
        return Err(Failure::Rejected(
            "PostgreSQL is empty: its server has not recovered it".into(),
        ));
    }
    // The time may be before an upgrade.
    dependencies.control_plane.migrate().await?;
    let ended = dependencies.platform().note_recovery(until, Utc::now()).await?;
    register_clusters(&dependencies).await?;
    output::line(&format!("PostgreSQL: as of {until}, {ended} sessions ended"));
    output::line(THEN);
    Ok(())
}

async fn restore_postgres(
    dependencies: &Dependencies,
    folder: &BackupFolder,
    copy: &PostgresCopy,
) -> Result<(), Failure> {
    let mut writer = dependencies.control_plane.write_tables().await?;
    let mut rows = 0;
    for table in &copy.tables {
        let name = file_of(&table.table.name);
        let mut file = folder.reader(&name, &table.file).map_err(refused("read a table"))?;
        rows += writer.write(&table.table, &mut file).await?;
    }
    writer.end(&copy.sequences).await?;
    let tables = copy.tables.len();
    output::line(&format!("PostgreSQL: {rows} rows of {tables} tables, as of {}", copy.copied_at));
    Ok(())
}

async fn restore_clickhouse(
    dependencies: &Dependencies,
    name: &str,
    copy: &ClickhouseCopy,
) -> Result<(), Failure> {
    let warehouse = &dependencies.warehouse;
    for copied in &copy.clusters {
        let present = warehouse.databases(&copied.cluster).await.map_err(of_store)?;
        if let Some(database) = present.iter().find(|name| copied.databases.contains(*name)) {
            let cluster = &copied.cluster;
            return Err(Failure::Rejected(format!(
                "{cluster} is not empty: it has the database {database}"
            )));
        }
    }
    let erased = dependencies.platform().erased_tenants().await?;
    let erased: BTreeSet<_> = erased.iter().map(Placement::own_database).collect();
    for copied in &copy.clusters {
        let cluster = &copied.cluster;
        let databases = copied.databases.iter().filter(|database| !erased.contains(*database));
        let databases: Vec<_> = databases.cloned().collect();
        if databases.is_empty() {
            continue;
        }
        let progress = Progress::endless();
        progress.begin_step(&format!("ClickHouse: {cluster}"));
        let restored = warehouse.restore(cluster, &databases, &place(name, cluster)).await;
        restored.map_err(of_store)?;
        let count = databases.len();
        progress.end_step(&format!("ClickHouse: {count} databases of {cluster}"));
        progress.finish();
    }
    // Refused events have no plans that a reconciliation could compare: they are stored again, under the same ids.
    let topic = &dependencies.configuration.kafka.rejects_topic;
    let ledger = dependencies.control_plane.ledger();
    ledger.rewind(Group::Rejects, topic, &copy.rejects).await?;
    output::line(&format!("ClickHouse: as of {}", copy.copied_at));
    Ok(())
}

async fn restore_archive(
    dependencies: &Dependencies,
    folder: &BackupFolder,
    copy: &ArchiveCopy,
) -> Result<(), Failure> {
    let archive = &dependencies.archive;
    let present = archive.stored_files().await.map_err(of_store)?;
    if let Some(file) = present.iter().find(|file| is_kept(&file.name)) {
        let name = &file.name;
        return Err(Failure::Rejected(format!("the archive is not empty: it has {name}")));
    }
    let erased = dependencies.platform().erased_tenants().await?;
    let erased: Vec<_> = erased.iter().map(|tenant| format!("erasures/{tenant}/")).collect();
    let progress = Progress::endless();
    progress.expect(copy.files.len() as u64);
    for (done, file) in (1..).zip(&copy.files) {
        let name = &file.name;
        if !is_kept(name) || name.contains("..") {
            return Err(Failure::Rejected(format!("the manifest is damaged: it names {name:?}")));
        }
        // The register has nothing of a tenant whose data was erased.
        if !erased.iter().any(|prefix| name.starts_with(prefix)) {
            let bytes = folder.read_kept(&file.file).map_err(refused("read a file"))?;
            archive.restore_file(name, bytes.into()).await.map_err(of_store)?;
        }
        progress.update(done, "files of the archive".to_owned(), None);
    }
    progress.finish();
    let count = copy.files.len();
    output::line(&format!("archive: {count} files, as of {}", copy.copied_at));
    Ok(())
}

async fn settle(configuration: Configuration, restored: Restored) -> Result<(), Failure> {
    let settled = Settled::of(&restored)?;
    let dependencies = Dependencies::connect(configuration).await?;
    dependencies.read_clusters().await?;
    let processor = dependencies.processor();
    if let Some(copy) = &settled.clickhouse {
        let tenants = erase_tenants_again(&processor, &destinations(copy)).await?;
        output::line(&format!("Offboarded tenants whose rows were deleted again: {tenants}"));
    }
    let mut left = 0;
    if settled.archive.is_some() || settled.postgres.is_some() {
        let progress = Progress::endless();
        let archive = settle_archive(&processor, &mut |read, all| {
            progress.expect(all);
            progress.update(read, format!("{read} of {all} objects of the archive"), None);
        })
        .await?;
        progress.finish();
        let SettledArchive { objects, noted, erased, left: damaged, locked } = archive;
        output::line(&format!(
            "archive: {objects} objects, {noted} with another hash, {erased} records erased again, \
             {damaged} left to the reconciliation, {locked} that nobody can read"
        ));
        left += locked;
    }
    let Some(from) = settled.earliest() else { return Ok(()) };
    let now = Utc::now();
    if from < now - PLANS {
        left += backfill(&dependencies, from, now - PLANS).await?;
    }
    let request = Reconcile { stored: from.max(now - PLANS - MARGIN)..now, full: false };
    let request = if settled.archive.is_some() {
        // Objects are compared however old they are.
        Reconcile { stored: DateTime::UNIX_EPOCH..now, ..request }
    } else {
        request
    };
    let report = processor::reconcile(&processor, request, &mut |_| {}).await?;
    left += show(&report);
    erase_again(&dependencies).await?;
    if left == 0 {
        return Ok(());
    }
    Err(Failure::Rejected(format!("{left} rows or objects still differ")))
}

fn destinations(copy: &ClickhouseCopy) -> Vec<Destination> {
    let of = |cluster: &tenancy::ClusterName, database: &String| Destination {
        cluster: cluster.clone(),
        database: database.clone(),
    };
    let clusters = copy.clusters.iter();
    clusters
        .flat_map(|copied| copied.databases.iter().map(move |name| of(&copied.cluster, name)))
        .collect()
}

/// Fills rows of a time whose plans the ledger no longer has, tenant by tenant. Returns what is left.
async fn backfill(
    dependencies: &Dependencies,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<u64, Failure> {
    let mut left = 0;
    for TenantDetail { record, .. } in dependencies.platform().tenants().await? {
        let tenant = record.client_id;
        let request = Backfill { tenant: tenant.clone(), logged: from..to, dry_run: false };
        let report = processor::backfill(&dependencies.processor(), &request, &mut |_| {}).await?;
        let total = report.total();
        output::line(&format!("{tenant}: {} rows repaired", total.repaired));
        left += total.left() + report.lost.len() as u64;
    }
    Ok(left)
}

/// Prints what was repaired. Returns what is left.
fn show(report: &ReconcileReport) -> u64 {
    let total = report.total();
    let archive = report.archive;
    output::line(&format!(
        "ClickHouse: {} rows, {} missing, {} doubled, {} repaired; archive: {} objects, {} missing, \
         {} damaged, {} restored",
        total.expected,
        total.missing,
        total.doubled,
        total.repaired,
        archive.objects,
        archive.missing,
        archive.damaged,
        archive.restored
    ));
    for trouble in &report.troubles {
        output::note(&format!("{}: {}", trouble.place, trouble.reason));
    }
    let objects = archive.missing + archive.damaged - archive.restored;
    total.left() + objects.max(report.troubles.len() as u64)
}

async fn erase_again(dependencies: &Dependencies) -> Result<(), Failure> {
    let mut begun = 0;
    for TenantDetail { record, .. } in dependencies.platform().tenants().await? {
        if record.state != TenantState::Erasing {
            begun += erase_persons_again(&dependencies.processor(), &record.client_id).await?;
        }
    }
    output::line(&format!("Erasures of persons that begin again: {begun}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_compared_begins_before_the_oldest_copy() {
        let mut settled = Settled::default();
        assert_eq!(settled.earliest(), None);
        settled.archive = Some(at("2026-11-29T02:10:00Z"));
        let copied_at = at("2026-11-29T02:05:00Z");
        settled.clickhouse =
            Some(ClickhouseCopy { copied_at, clusters: Vec::new(), rejects: Vec::new() });
        assert_eq!(settled.earliest(), Some(at("2026-11-29T01:05:00Z")));
    }

    #[test]
    fn a_recovered_postgresql_alone_is_settled_since_its_time() {
        let until = at("2026-11-29T02:00:00Z");
        let restored = Restored { from: None, until: Some(until), only: Vec::new() };
        let settled = Settled::of(&restored).unwrap();
        assert_eq!(settled.earliest(), Some(at("2026-11-29T01:00:00Z")));
        assert!(settled.clickhouse.is_none() && settled.archive.is_none());
        let restored = Restored { until: Some(Utc::now() + TimeDelta::hours(1)), ..restored };
        assert!(matches!(Settled::of(&restored), Err(Failure::Usage(_))));
    }
}
