//! Rollups that outlive their rows: which of them answer a query, and of which days they are kept.

mod keep;
mod rollup;

use chrono::{DateTime, Utc};

pub(crate) use self::keep::Attempt;
pub use self::{keep::ExpiredDay, rollup::KeptRollup};
use crate::{TenantWarehouse, WarehouseError, campaign::start};

/// The days of the log of which a tenant's rollups are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptDays {
    /// The end of the last of them. Of everything that was received before, rollups are kept.
    pub until: DateTime<Utc>,
    /// Whether rows that were received before that time are still stored.
    pub has_rows: bool,
}

impl KeptDays {
    /// Returns the condition on the rows that are not in kept rollups. No projection has the time of receipt,
    /// so it is left out once the rows in kept rollups are deleted.
    pub(crate) const fn received(self) -> &'static str {
        if self.has_rows { "received_at >= toDateTime({kept_until:UInt32}, 'UTC')" } else { "1" }
    }
}

impl TenantWarehouse {
    /// Returns the days of which the tenant's rollups are kept; `None` if there are none.
    ///
    /// # Errors
    /// The cluster is unavailable.
    pub async fn kept_days(&self) -> Result<Option<KeptDays>, WarehouseError> {
        let until = include_str!("../../queries/kept_until.sql");
        let Some(until) = self.fetch::<u32>(until, |query| query).await?.pop() else {
            return Ok(None);
        };
        // Rows go and do not come back, so what is read later may only be less.
        let has_rows = include_str!("../../queries/has_rows_before.sql");
        let has_rows = self.fetch::<bool>(has_rows, |query| query.param("until", until)).await?;
        Ok(Some(KeptDays { until: start(until), has_rows: has_rows.contains(&true) }))
    }
}
