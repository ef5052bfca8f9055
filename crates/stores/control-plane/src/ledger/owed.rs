use uuid::Uuid;

use super::Ledger;
use crate::ControlPlaneError;

/// That live counters have to be built anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RebuildDebt(Uuid);

/// Rows that are put right may be some that live counters were built from.
impl Ledger {
    /// Notes that live counters have to be built anew. Durable once this has answered: note it
    /// before the rows are touched.
    pub async fn owe_rebuild(&self) -> Result<(), ControlPlaneError> {
        sqlx::query(sql!("ledger/owe_rebuild")).execute(&self.pool).await?;
        Ok(())
    }

    /// What was noted last, unless it was [paid](Self::paid_rebuild).
    pub async fn owed_rebuild(&self) -> Result<Option<RebuildDebt>, ControlPlaneError> {
        let debt = sqlx::query_scalar(sql!("ledger/owed_rebuild"));
        Ok(debt.fetch_optional(&self.pool).await?.map(RebuildDebt))
    }

    /// Forgets a debt, after a rebuild was asked for. One that was noted meanwhile stays.
    pub async fn paid_rebuild(&self, debt: RebuildDebt) -> Result<(), ControlPlaneError> {
        sqlx::query(sql!("ledger/paid_rebuild")).bind(debt.0).execute(&self.pool).await?;
        Ok(())
    }
}
