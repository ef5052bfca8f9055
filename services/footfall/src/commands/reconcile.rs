use chrono::{TimeDelta, Utc};
use processor::{ArchiveFindings, Findings, ReconcileReport};

use crate::{
    cli::Reconcile,
    configuration::Configuration,
    dependencies::Dependencies,
    exit::Failure,
    output::{self, Progress, Table},
};

/// How long the ledger retains plans.
const LEDGER_RETENTION: TimeDelta = TimeDelta::days(7);

/// Reconciles ClickHouse and the archive with the ledger, and reports the differences.
pub(crate) async fn run(configuration: Configuration, arguments: Reconcile) -> Result<(), Failure> {
    let Reconcile { full, from, to } = arguments;
    let now = Utc::now();
    let stored = from.unwrap_or(now - LEDGER_RETENTION)..to.unwrap_or(now);
    if stored.is_empty() {
        return Err(Failure::Usage("--from must be before --to".to_owned()));
    }
    let dependencies = Dependencies::connect(configuration).await?;
    dependencies.read_clusters().await?;
    let progress = Progress::endless();
    let request = processor::Reconcile { stored, full };
    let report = processor::reconcile(&dependencies.processor(), request, &mut |at| {
        progress.expect(at.total);
        let Findings { expected, missing, doubled, .. } = at.findings;
        let message = format!("{expected} rows, {missing} missing, {doubled} doubled");
        progress.update(at.done, message, None);
    })
    .await?;
    progress.finish();
    show(&report);
    conclude(&report)
}

fn show(report: &ReconcileReport) {
    let head =
        ["tables", "partition", "expected", "found", "missing", "doubled", "unplanned", "repaired"];
    let mut table = Table::new(head);
    for ((destination, partition), found) in &report.findings {
        table.row(cells(destination.to_string(), partition.to_string(), found));
    }
    table.row(cells("all".to_owned(), String::new(), &report.total()));
    output::line(table.to_string().trim_end());
    let ArchiveFindings { objects, gaps, missing, damaged, restored } = report.archive;
    output::line(&format!(
        "archive: {objects} objects, {gaps} gaps, {missing} missing, {damaged} damaged, {restored} restored"
    ));
    for trouble in &report.troubles {
        output::note(&format!("{}: {}", trouble.place, trouble.reason));
    }
}

fn cells(tables: String, partition: String, found: &Findings) -> [String; 8] {
    let Findings { expected, found, missing, doubled, unplanned, repaired } = *found;
    let counts =
        [expected, found, missing, doubled, unplanned, repaired].map(|count| count.to_string());
    let [expected, found, missing, doubled, unplanned, repaired] = counts;
    [tables, partition, expected, found, missing, doubled, unplanned, repaired]
}

fn conclude(report: &ReconcileReport) -> Result<(), Failure> {
    if report.is_right() {
        return Ok(());
    }
    let total = report.total();
    let archive = report.archive;
    let wrong = total.missing + total.doubled + total.unplanned;
    let left = total.left();
    let objects = archive.missing + archive.damaged;
    Err(Failure::Rejected(format!(
        "{wrong} rows differed, {left} still do; {objects} objects of the archive differed, {} still \
         do; {} problems need an operator",
        objects - archive.restored,
        report.troubles.len()
    )))
}
