use processor::{BackfillReport, Findings};
use telemetry::chain;

use crate::{
    cli::Backfill,
    configuration::Configuration,
    dependencies::Dependencies,
    exit::Failure,
    output::{self, Progress, Table},
};

/// Backfills a tenant's rows from log and archive, and reports what was missing.
pub(crate) async fn run(configuration: Configuration, arguments: Backfill) -> Result<(), Failure> {
    let Backfill { tenant, from, to, dry_run } = arguments;
    if from >= to {
        return Err(Failure::Usage("--from must be before --to".to_owned()));
    }
    let dependencies = Dependencies::connect(configuration).await?;
    dependencies.read_clusters().await?;
    let progress = Progress::endless();
    let request = processor::Backfill { tenant, logged: from..to, dry_run };
    let report = processor::backfill(&dependencies.processor(), &request, &mut |at| {
        progress.expect(at.total);
        let Findings { expected, missing, .. } = at.findings;
        let message =
            format!("{} of {} records, {expected} rows, {missing} missing", at.done, at.total);
        progress.update(at.done, message, None);
    })
    .await?;
    progress.finish();
    show(&report);
    conclude(&report, dry_run)
}

fn show(report: &BackfillReport) {
    let mut table = Table::new(["tables", "rows", "found", "missing", "doubled", "repaired"]);
    let rows = report.findings.iter().map(|(destination, found)| (destination.to_string(), *found));
    for (tables, findings) in rows.chain([("all".to_owned(), report.total())]) {
        let Findings { expected, found, missing, doubled, repaired, .. } = findings;
        let [expected, found, missing, doubled, repaired] =
            [expected, found, missing, doubled, repaired].map(|count| count.to_string());
        table.row([tables, expected, found, missing, doubled, repaired]);
    }
    output::line(table.to_string().trim_end());
    for error in &report.lost {
        output::note(&chain(error));
    }
}

fn conclude(report: &BackfillReport, dry_run: bool) -> Result<(), Failure> {
    let total = report.total();
    let wrong = total.missing + total.doubled;
    if dry_run {
        output::line(&format!("nothing was changed; {wrong} rows would be repaired"));
    } else {
        output::line(&format!("{} rows repaired in ClickHouse", total.repaired));
    }
    let left = if dry_run { 0 } else { total.left() };
    if left == 0 && report.lost.is_empty() {
        return Ok(());
    }
    let lost = report.lost.len();
    Err(Failure::Rejected(format!("{left} rows still differ, {lost} log ranges were not read")))
}
