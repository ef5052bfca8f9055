use std::time::Duration;

use chrono::{DateTime, Utc};
use tenancy::{ClientId, Destination};

use crate::{Warehouse, WarehouseError, driver::within};

/// How long one statement may take; the deletion itself continues in the background.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);

/// The check whether a deletion is needed, and the deletion.
type Expiry = (&'static str, &'static str);

const EVENTS: Expiry = (
    include_str!("../queries/platform/expired.sql"),
    include_str!("../queries/platform/expire.sql"),
);
const REJECTS: Expiry = (
    include_str!("../queries/platform/expired_rejects.sql"),
    include_str!("../queries/platform/expire_rejects.sql"),
);
const KEPT_DAYS: Expiry = (
    include_str!("../queries/platform/expired_kept_days.sql"),
    include_str!("../queries/platform/expire_kept_days.sql"),
);
const KEPT_ROLLUPS: Expiry = (
    include_str!("../queries/platform/expired_kept_rollups.sql"),
    include_str!("../queries/platform/expire_kept_rollups.sql"),
);

impl Warehouse {
    /// Starts the deletion of a tenant's rows that were logged before `horizon`, with their projections,
    /// and of its rejects received before it. The server deletes in the background. Returns `false`
    /// when there are none, or when their deletion already runs.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn expire(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        horizon: DateTime<Utc>,
    ) -> Result<bool, WarehouseError> {
        self.delete(destination, client_id, horizon, &[EVENTS, REJECTS]).await
    }

    /// As [`Warehouse::expire`], of the kept rollups of rows that were logged before `horizon`, the start of
    /// a day.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn expire_kept_rollups(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        horizon: DateTime<Utc>,
    ) -> Result<bool, WarehouseError> {
        self.delete(destination, client_id, horizon, &[KEPT_DAYS, KEPT_ROLLUPS]).await
    }

    async fn delete(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        horizon: DateTime<Utc>,
        expiries: &[Expiry],
    ) -> Result<bool, WarehouseError> {
        let statement = |sql| {
            let query = self.writer(destination)?.query_raw(sql);
            let query = query.param("client_id", client_id.as_str());
            Ok::<_, WarehouseError>(query.param("horizon", horizon.timestamp_millis()))
        };
        let mut started = false;
        for &(expired, expire) in expiries {
            if within(STATEMENT_TIMEOUT, statement(expired)?.fetch_one()).await? {
                // By default the server answers when the deletion is done.
                let expire = statement(expire)?.with_setting("mutations_sync", "0");
                within(STATEMENT_TIMEOUT, expire.execute()).await?;
                started = true;
            }
        }
        Ok(started)
    }
}
