use std::{collections::BTreeMap, fmt::Display, io, time::Duration};

use chrono::{DateTime, Utc};
use control_plane::{ControlPlaneError, ExclusiveLease, Group};
use processor::ProcessorError;
use stream::LogReader;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    backup::{
        ArchiveCopy, ArchivedFile, BackupFolder, ClickhouseCopy, ClusterCopy, FORMAT, FileHash,
        Manifest, PostgresCopy, TableFile,
    },
    cli::{Backup, StoreName, includes},
    configuration::Configuration,
    dependencies::Dependencies,
    exit::Failure,
    output::{self, Progress},
};

/// How often the lease of a reconciliation or a move is asked for.
const LEASE_CHECK: Duration = Duration::from_millis(200);

/// What `--base` calls the latest backup.
const LATEST: &str = "latest";

/// What of the archive is backed up: report files expire, and can be made again.
const ARCHIVE_FOLDERS: [&str; 2] = ["raw/", "erasures/"];

/// Writes a backup: ClickHouse first and PostgreSQL last, so that the ledger knows everything that the others have.
pub(crate) async fn run(configuration: Configuration, arguments: Backup) -> Result<(), Failure> {
    let Backup { to, base, only } = arguments;
    let dependencies = Dependencies::connect(configuration).await?;
    dependencies.read_clusters().await?;
    let began_at = Utc::now();
    let name = new_name(began_at);
    let folder = BackupFolder::new(&to, &name);
    let base = match base.as_deref() {
        Some(LATEST) => folder.latest().map_err(refused("read the folder"))?,
        Some(name) => Some(folder.beside(name)),
        None => None,
    };
    let base = base.map(|base| base.manifest()).transpose().map_err(rejected)?;
    let log = log_of(&dependencies).await?;
    if let Some(base) = &base {
        base.must_be_of(&log).map_err(rejected)?;
    }
    let ledger = dependencies.control_plane.ledger();
    must_move_no_tenant(&dependencies).await?;
    // A move or a repair under way would be in one store, and not in the other.
    let mut moving = until_free(|| ledger.begin_moving()).await?;
    let mut repairing = until_free(|| ledger.begin_reconciliation()).await?;
    must_move_no_tenant(&dependencies).await?;
    folder.create().map_err(refused("create the folder"))?;
    let copying = async {
        let mut manifest = Manifest {
            format: FORMAT,
            name: name.clone(),
            release: env!("CARGO_PKG_VERSION").to_owned(),
            log,
            base: base.as_ref().map(|base| base.name.clone()),
            began_at,
            ended_at: began_at,
            postgres: None,
            clickhouse: None,
            archive: None,
        };
        if includes(&only, StoreName::Clickhouse) {
            let base = base.as_ref().and_then(|base| Some((&base.name, base.clickhouse.as_ref()?)));
            manifest.clickhouse = Some(copy_clickhouse(&dependencies, &name, base).await?);
        }
        if includes(&only, StoreName::Archive) {
            let base = base.as_ref().and_then(|base| base.archive.as_ref());
            manifest.archive = Some(copy_archive(&dependencies, &folder, base).await?);
        }
        if includes(&only, StoreName::Postgres) {
            manifest.postgres = Some(copy_postgres(&dependencies, &folder).await?);
        }
        manifest.ended_at = Utc::now();
        Ok::<_, Failure>(manifest)
    };
    let manifest = moving.during(repairing.during(copying)).await???;
    repairing.end().await?;
    moving.end().await?;
    folder.end(&manifest).map_err(refused("write the manifest"))?;
    output::line(&to.join(&name).display().to_string());
    dependencies.platform().note_backup(&name, &copies(&manifest)).await?;
    Ok(())
}

/// Returns the stores of a backup, each with the time of its copy.
fn copies(manifest: &Manifest) -> Vec<(&'static str, DateTime<Utc>)> {
    let Manifest { postgres, clickhouse, archive, .. } = manifest;
    let copies = [
        ("postgres", postgres.as_ref().map(|copy| copy.copied_at)),
        ("clickhouse", clickhouse.as_ref().map(|copy| copy.copied_at)),
        ("archive", archive.as_ref().map(|copy| copy.copied_at)),
    ];
    copies.into_iter().filter_map(|(store, copied_at)| Some((store, copied_at?))).collect()
}

/// Returns the name of a new backup: its time, and some digits, since platforms may share a disk.
fn new_name(now: DateTime<Utc>) -> String {
    let random = Uuid::now_v7().simple().to_string();
    let digits: String = random.chars().skip(24).collect();
    format!("{}-{digits}", now.format("%Y%m%dT%H%M%SZ"))
}

/// Returns the id of the topic of events.
pub(super) async fn log_of(dependencies: &Dependencies) -> Result<String, Failure> {
    let router = dependencies.processor().router;
    let reader = LogReader::new(&dependencies.configuration.kafka, router)?;
    Ok(reader.topic_id().await?.to_string())
}

async fn must_move_no_tenant(dependencies: &Dependencies) -> Result<(), Failure> {
    match dependencies.platform().moves_under_way().await?.first() {
        None => Ok(()),
        Some(moving) => {
            let tenant = &moving.client_id;
            Err(Failure::Rejected(format!("{tenant} is being moved: back up when that has ended")))
        }
    }
}

async fn until_free(
    begin: impl AsyncFn() -> Result<Option<ExclusiveLease>, ControlPlaneError>,
) -> Result<ExclusiveLease, Failure> {
    loop {
        match begin().await? {
            Some(lease) => return Ok(lease),
            None => sleep(LEASE_CHECK).await,
        }
    }
}

async fn copy_clickhouse(
    dependencies: &Dependencies,
    name: &str,
    base: Option<(&String, &ClickhouseCopy)>,
) -> Result<ClickhouseCopy, Failure> {
    let copied_at = Utc::now();
    let topic = &dependencies.configuration.kafka.rejects_topic;
    let rejects = dependencies.control_plane.ledger().offsets(Group::Rejects, topic).await?;
    let mut clusters = Vec::new();
    let warehouse = &dependencies.warehouse;
    for known in dependencies.read_clusters().await? {
        let cluster = known.name;
        let databases = warehouse.databases(&cluster).await.map_err(of_store)?;
        if databases.is_empty() {
            continue;
        }
        let progress = Progress::endless();
        progress.begin_step(&format!("ClickHouse: {cluster}"));
        let is_in = |(_, copy): &(_, &ClickhouseCopy)| {
            copy.clusters.iter().any(|copied| copied.cluster == cluster)
        };
        let base = base.filter(is_in).map(|(name, _)| place(name, &cluster));
        let bytes = warehouse
            .back_up(&cluster, &databases, &place(name, &cluster), base.as_deref())
            .await
            .map_err(of_store)?;
        progress.end_step(&format!(
            "ClickHouse: {} databases of {cluster}, {bytes} bytes",
            databases.len()
        ));
        progress.finish();
        clusters.push(ClusterCopy { cluster, databases, bytes });
    }
    Ok(ClickhouseCopy { copied_at, clusters, rejects })
}

/// Returns the name of a cluster's part on the disk of its server.
pub(super) fn place(backup: &str, cluster: &impl Display) -> String {
    format!("{backup}/{cluster}")
}

async fn copy_archive(
    dependencies: &Dependencies,
    folder: &BackupFolder,
    base: Option<&ArchiveCopy>,
) -> Result<ArchiveCopy, Failure> {
    let copied_at = Utc::now();
    let archive = &dependencies.archive;
    let before: BTreeMap<_, _> = base
        .into_iter()
        .flat_map(|base| &base.files)
        .map(|file| ((file.name.as_str(), file.file.bytes, file.changed_at), &file.file))
        .collect();
    let progress = Progress::endless();
    let mut files = Vec::new();
    let stored = archive.stored_files().await.map_err(of_store)?;
    let stored: Vec<_> = stored.into_iter().filter(|file| is_kept(&file.name)).collect();
    progress.expect(stored.len() as u64);
    for found in stored {
        let unchanged = before.get(&(found.name.as_str(), found.bytes, found.changed_at));
        let file = match unchanged {
            Some(file) if folder.has_kept(file) => FileHash::clone(file),
            _ => {
                let read = archive.stored_file(&found.name).await.map_err(of_store)?;
                // An erased tenant's entry may be gone by now.
                let Some(bytes) = read else { continue };
                let file = FileHash::of(&bytes);
                folder.keep(&bytes, &file).map_err(refused("write a file"))?;
                file
            }
        };
        files.push(ArchivedFile { name: found.name, changed_at: found.changed_at, file });
        progress.update(files.len() as u64, "files of the archive".to_owned(), None);
    }
    progress.finish();
    Ok(ArchiveCopy { copied_at, files })
}

/// Whether a file of the archive belongs into a backup.
pub(super) fn is_kept(name: &str) -> bool {
    ARCHIVE_FOLDERS.iter().any(|folder| name.starts_with(folder))
}

async fn copy_postgres(
    dependencies: &Dependencies,
    folder: &BackupFolder,
) -> Result<PostgresCopy, Failure> {
    let copied_at = Utc::now();
    let mut reader = dependencies.control_plane.read_tables().await?;
    let migrations = reader.migrations().await?;
    let mut tables = Vec::new();
    for table in reader.tables().await? {
        let name = file_of(&table.name);
        let mut file = folder.new_file(&name).map_err(refused("write a table"))?;
        reader.read(&table, &mut file).await?;
        let file = file.end().map_err(refused("write a table"))?;
        tables.push(TableFile { table, file });
    }
    let sequences = reader.sequences().await?;
    Ok(PostgresCopy { copied_at, migrations, tables, sequences })
}

/// Returns the name of a table's file.
pub(super) fn file_of(table: &str) -> String {
    let plain = |char: char| if char.is_ascii_alphanumeric() { char } else { '_' };
    format!("{}.copy", table.chars().map(plain).collect::<String>())
}

/// Returns the failure of a store.
pub(super) fn of_store(error: impl Into<ProcessorError>) -> Failure {
    let error: ProcessorError = error.into();
    error.into()
}

/// Returns the failure of a backup that cannot be used.
pub(super) fn rejected(error: impl std::error::Error) -> Failure {
    Failure::Rejected(telemetry::chain(&error))
}

/// Returns the failure of an operation on the folder of the backup, for `map_err`.
pub(super) fn refused(doing: &'static str) -> impl FnOnce(io::Error) -> Failure {
    move |error| match error.kind() {
        io::ErrorKind::InvalidData => Failure::Rejected(error.to_string()),
        _ => Failure::Other(format!("could not {doing} of the backup: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_time_and_differ_within_a_second() {
        let at = |text: &str| text.parse().unwrap();
        let names = [at("2026-11-29T02:00:00Z"), at("2026-11-29T02:00:00Z")].map(new_name);
        assert!(names.iter().all(|name| name.starts_with("20261129T020000Z-")), "{names:?}");
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn a_name_of_a_table_leads_to_no_other_folder() {
        assert_eq!(file_of("audit_log"), "audit_log.copy");
        assert_eq!(file_of("../../etc/passwd"), "______etc_passwd.copy");
    }
}
