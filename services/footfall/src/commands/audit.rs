use chrono::{TimeDelta, Utc};
use processor::{ArchiveFindings, AuditReport, Findings};

use crate::{
    cli::Audit,
    configuration::Configuration,
    exit::Failure,
    output::{self, Progress, Table},
    parts::Parts,
};

/// How long the ledger remembers what was stored.
const REMEMBERED: TimeDelta = TimeDelta::days(7);

/// Holds the ledger against the tables, and tells what was wrong.
pub(crate) async fn run(configuration: Configuration, arguments: Audit) -> Result<(), Failure> {
    let Audit { full, from, to } = arguments;
    let now = Utc::now();
    let stored = from.unwrap_or(now - REMEMBERED)..to.unwrap_or(now);
    if stored.is_empty() {
        return Err(Failure::Usage("--from must be before --to".to_owned()));
    }
    let parts = Parts::connect(configuration).await?;
    parts.read_clusters().await?;
    let progress = Progress::endless();
    let report =
        processor::audit(&parts.processor(), processor::Audit { stored, full }, &mut |at| {
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

fn show(report: &AuditReport) {
    let head =
        ["tables", "partition", "expected", "found", "missing", "doubled", "unplanned", "repaired"];
    let mut table = Table::new(head);
    for ((destination, partition), found) in &report.findings {
        let tables = format!("{}.{}", destination.cluster, destination.database);
        table.row(cells(tables, partition.to_string(), found));
    }
    table.row(cells("all".to_owned(), String::new(), &report.total()));
    output::line(table.to_string().trim_end());
    let ArchiveFindings { objects, gaps, missing, damaged, restored } = report.archive;
    output::line(&format!(
        "archive: {objects} objects, {gaps} gaps, {missing} missing, {damaged} damaged, {restored} put back"
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

fn conclude(report: &AuditReport) -> Result<(), Failure> {
    if report.is_right() {
        return Ok(());
    }
    let (total, archive) = (report.total(), report.archive);
    let wrong = total.missing + total.doubled + total.unplanned;
    let (left, objects) = (total.left(), archive.missing + archive.damaged);
    Err(Failure::Rejected(format!(
        "{wrong} rows were wrong, {left} still are; {objects} objects of the archive were, {} still \
         are; {} places need a look",
        objects - archive.restored,
        report.troubles.len()
    )))
}
