use std::{collections::BTreeMap, time::Duration};

use chrono::Utc;
use control_plane::{ControlPlane, UsageCount};
use lifecycle::{BoxError, Lifecycle, every};
use tenancy::ClientId;
use warehouse::Warehouse;

use crate::{live::OpenStreams, state::Api};

/// How often counts are stored: as much is lost when the process is killed.
const EVERY: Duration = Duration::from_secs(10);
/// How long a stopping process may take to store its last counts.
const BUDGET: Duration = Duration::from_secs(2);

/// Counts what tenants use in this process.
struct Meter {
    control_plane: ControlPlane,
    warehouse: Warehouse,
    streams: OpenStreams,
    /// Counted, and not stored yet.
    counts: BTreeMap<ClientId, UsageCount>,
}

/// Starts the task that stores what tenants use, until `lifecycle` stops.
pub(crate) fn start(api: &Api, streams: &OpenStreams, lifecycle: &Lifecycle) {
    let mut meter = Meter {
        control_plane: api.control_plane.clone(),
        warehouse: api.warehouse.clone(),
        streams: streams.clone(),
        counts: BTreeMap::new(),
    };
    let token = lifecycle.token();
    lifecycle.spawn("usage", BUDGET, async move {
        let mut rounds = every(EVERY, token, "store what tenants use");
        while rounds.begin().await {
            rounds.run(meter.store()).await;
        }
        meter.store().await
    });
}

impl Meter {
    /// Stores what was counted. Of a failed attempt everything is stored with the next one; of one that
    /// was cut off while PostgreSQL answered, it may be stored twice.
    async fn store(&mut self) -> Result<(), BoxError> {
        for (client_id, reports) in self.warehouse.take_report_counts() {
            self.counts.entry(client_id).or_default().reports += reports;
        }
        for (client_id, time) in self.streams.take_times() {
            self.counts.entry(client_id).or_default().streams += time;
        }
        if !self.counts.is_empty() {
            self.control_plane.add_usage(&self.counts, Utc::now()).await?;
            self.counts.clear();
        }
        Ok(())
    }
}
