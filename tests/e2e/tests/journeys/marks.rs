//! What the ledger knows that Redis has counted.

use std::sync::Arc;

use control_plane::{ControlPlane, Group};
use stream::{KafkaSettings, LogReader};
use tenancy::TenantRouter;
use testkit::{Platform, eventually};

/// Waits until the ledger has marked everything that is in the log as counted. Otherwise a Redis that lost it
/// would read the log again from an earlier mark, and be complete.
pub(crate) async fn wait_for_marks(platform: &Platform) {
    let kafka: KafkaSettings = platform.log();
    let control_plane = ControlPlane::connect(&platform.postgres()).await.unwrap();
    let ledger = control_plane.ledger();
    let log = LogReader::new(&kafka, TenantRouter::new(Arc::new(control_plane))).unwrap();
    eventually("the ledger has marked what redis has counted", async || {
        let ends = log.ends().await.unwrap();
        let marks = ledger.noted_offsets(Group::Live, log.topic()).await.unwrap();
        let is_marked = ends.iter().all(|(partition, end)| {
            marks.iter().any(|mark| mark.partition == *partition && mark.offset >= *end)
        });
        is_marked.then_some(())
    })
    .await;
}
