use aggregates::Aggregates;
use control_plane::Ledger;

use crate::ProcessorError;

/// Has the live counters built anew if rows were put right that they may have been built from, by
/// whichever process. Until that was asked for it stays owed.
pub(crate) async fn pay(ledger: &Ledger, aggregates: &Aggregates) -> Result<(), ProcessorError> {
    let Some(debt) = ledger.owed_rebuild().await? else { return Ok(()) };
    aggregates.request_rebuild().await?;
    Ok(ledger.paid_rebuild(debt).await?)
}
