use aggregates::Aggregates;
use control_plane::Ledger;

use crate::ProcessorError;

/// Starts a rebuild of the live counters if any process requested one, because it repaired rows that
/// the counters may have been computed from. The request stays until the rebuild is started.
pub(crate) async fn start_requested_rebuild(
    ledger: &Ledger,
    aggregates: &Aggregates,
) -> Result<(), ProcessorError> {
    let Some(request) = ledger.requested_rebuild().await? else { return Ok(()) };
    aggregates.request_rebuild().await?;
    Ok(ledger.clear_rebuild_request(request).await?)
}
