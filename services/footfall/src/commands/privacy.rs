use processor::{PersonRemains, erase_persons_again, find_persons};
use tenancy::ClientId;
use uuid::Uuid;

use crate::{
    cli::PrivacyCommand,
    configuration::Configuration,
    dependencies::Dependencies,
    exit::Failure,
    output::{self, Progress, Table},
};

/// Runs `footfall privacy …`.
pub(crate) async fn run(
    configuration: Configuration,
    command: PrivacyCommand,
) -> Result<(), Failure> {
    let dependencies = Dependencies::connect(configuration).await?;
    match command {
        PrivacyCommand::Check { tenant, erasure } => check(&dependencies, &tenant, erasure).await,
        PrivacyCommand::EraseAgain { tenant } => {
            let begun = erase_persons_again(&dependencies.processor(), &tenant).await?;
            output::line(&format!("Erasures of {tenant} that begin again: {begun}"));
            Ok(())
        }
    }
}

async fn check(
    dependencies: &Dependencies,
    tenant: &ClientId,
    erasure: Uuid,
) -> Result<(), Failure> {
    dependencies.read_clusters().await?;
    let progress = Progress::endless();
    let mut observe = |read, all| {
        progress.expect(all);
        progress.update(read, format!("{read} of {all} objects of the archive"), None);
    };
    let remains = find_persons(&dependencies.processor(), tenant, erasure, &mut observe).await?;
    progress.finish();
    show(&remains);
    if remains.is_empty() {
        return Ok(());
    }
    Err(Failure::Rejected(format!("something is left of the persons of {erasure}")))
}

fn show(remains: &PersonRemains) {
    let mut table = Table::new(["store", "what", "left"]);
    let mut row = |store: &str, what: &str, left: u64| {
        table.row([store.to_owned(), what.to_owned(), left.to_string()]);
    };
    row("clickhouse", "rows of events", remains.event_rows);
    row("clickhouse", "refused events", remains.rejects);
    row("report files", "files", remains.report_files);
    for (list, count) in &remains.words {
        row("postgresql", &list.replace('_', " "), *count);
    }
    row("archive", &format!("records in {} objects", remains.objects), remains.records);
    output::line(table.to_string().trim_end());
}
