use uuid::Uuid;

use super::Ledger;
use crate::ControlPlaneError;

/// A request to rebuild the live counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RebuildRequest(Uuid);

/// Live counters may have been computed from rows that a repair changes.
impl Ledger {
    /// Requests a rebuild of the live counters. The request is durable when this returns: call it
    /// before changing the rows.
    pub async fn request_rebuild(&self) -> Result<(), ControlPlaneError> {
        sqlx::query(sql!("ledger/request_rebuild")).execute(&self.pool).await?;
        Ok(())
    }

    /// Returns the latest request, unless it was [cleared](Self::clear_rebuild_request).
    pub async fn requested_rebuild(&self) -> Result<Option<RebuildRequest>, ControlPlaneError> {
        let request = sqlx::query_scalar(sql!("ledger/requested_rebuild"));
        Ok(request.fetch_optional(&self.pool).await?.map(RebuildRequest))
    }

    /// Clears a request, after the rebuild was started. A later request remains.
    pub async fn clear_rebuild_request(
        &self,
        request: RebuildRequest,
    ) -> Result<(), ControlPlaneError> {
        sqlx::query(sql!("ledger/clear_rebuild_request"))
            .bind(request.0)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
