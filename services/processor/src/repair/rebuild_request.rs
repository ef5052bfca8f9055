use aggregates::Aggregates;
use control_plane::ControlPlane;

use crate::ProcessorError;

/// Starts a rebuild of the live counters if any process requested one, because it repaired rows that
/// the counters may have been computed from. The request stays until the rebuild is started. Answers about
/// finished ranges may have been read from the same rows, so the versions of all tenants' data are raised.
pub(crate) async fn start_requested_rebuild(
    control_plane: &ControlPlane,
    aggregates: &Aggregates,
) -> Result<(), ProcessorError> {
    let ledger = control_plane.ledger();
    let Some(request) = ledger.requested_rebuild().await? else { return Ok(()) };
    control_plane.raise_all_data_versions().await?;
    aggregates.request_rebuild().await?;
    Ok(ledger.clear_rebuild_request(request).await?)
}
