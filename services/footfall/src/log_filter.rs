use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use lifecycle::{BoxError, Lifecycle, every};
use telemetry::LogFilter;

/// How often the file is read.
const PERIOD: Duration = Duration::from_secs(2);

/// How long a round may take when the process stops.
const STOP_BUDGET: Duration = Duration::from_secs(1);

/// Replaces the filter of the logs whenever the content of `file` changes.
pub(crate) fn watch(mut filter: LogFilter, file: PathBuf, lifecycle: &Lifecycle) {
    let token = lifecycle.token();
    lifecycle.spawn("log filter", STOP_BUDGET, async move {
        let mut rounds = every(PERIOD, token, "read telemetry.log_filter_file");
        while rounds.begin().await {
            rounds.run(read(&mut filter, &file)).await;
        }
        Ok(())
    });
}

async fn read(filter: &mut LogFilter, file: &Path) -> Result<(), BoxError> {
    let text = tokio::fs::read_to_string(file).await?;
    Ok(filter.replace(&text)?)
}
