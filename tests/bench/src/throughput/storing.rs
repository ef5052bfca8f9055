use std::{path::Path, time::Duration};

use reqwest::Url;
use serde::Deserialize;
use testkit::{Platform, Tenant, Tier};
use tokio::time::{Instant, sleep, timeout};

use super::log;
use crate::Failure;

/// How often the rows are counted.
const COUNT_EVERY: Duration = Duration::from_millis(50);

/// The longest wait for all rows.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Measures how many rows a second go from Kafka to ClickHouse, from the first visible row to the
/// last, when `events` wait in the log.
pub(crate) async fn rows_per_second(program: &Path, events: u32) -> Result<f64, Failure> {
    let platform = Platform::start_without_processor_with(program).await;
    let tenant = platform.onboard(Tier::Shared).await;
    log::fill(&platform, &tenant, events).await?;
    let mut processor = platform.spawn(&["processor", "--sink", "store"]);
    let table = Table::of(&tenant);
    let mut first = None;
    let events = u64::from(events);
    let counted = async {
        loop {
            let rows = table.count(&platform).await?;
            let (at, before) = *first.get_or_insert((Instant::now(), rows));
            if rows == 0 {
                first = None;
            } else if rows == events {
                return Ok::<_, Failure>((rows - before) as f64 / at.elapsed().as_secs_f64());
            }
            sleep(COUNT_EVERY).await;
        }
    };
    let rate =
        timeout(TIMEOUT, counted).await.map_err(|_| "rows are missing after ten minutes")??;
    processor.kill();
    Ok(rate)
}

/// The shared table, read with the writer's account.
struct Table {
    server: Server,
    client_id: String,
}

#[derive(Deserialize)]
struct Server {
    url: String,
    writer_user: String,
    writer_password: String,
}

impl Table {
    fn of(tenant: &Tenant) -> Self {
        Self { server: testkit::cluster("shared"), client_id: tenant.id.clone() }
    }

    async fn count(&self, platform: &Platform) -> Result<u64, Failure> {
        let parameters = [("database", "footfall_shared"), ("param_client_id", &self.client_id)];
        let request = platform
            .client()
            .post(Url::parse_with_params(&self.server.url, parameters)?)
            .basic_auth(&self.server.writer_user, Some(&self.server.writer_password))
            .body("SELECT count() FROM events WHERE client_id = {client_id:String}");
        Ok(request.send().await?.error_for_status()?.text().await?.trim().parse()?)
    }
}
