use std::time::Duration;

use chrono::{DateTime, Utc};
use tenancy::{ClientId, Destination};

use crate::{Warehouse, WarehouseError, driver::within};

/// How long one statement may take; the deletion itself continues in the background.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);

/// For each table: the check whether a deletion is needed, and the deletion.
const STATEMENTS: [(&str, &str); 2] = [
    (
        include_str!("../queries/platform/expired.sql"),
        include_str!("../queries/platform/expire.sql"),
    ),
    (
        include_str!("../queries/platform/expired_rejects.sql"),
        include_str!("../queries/platform/expire_rejects.sql"),
    ),
];

impl Warehouse {
    /// Starts the deletion of a tenant's rows that were logged before `horizon`, rollups included,
    /// and of its rejects received before it. The server deletes in the background. Returns `false`
    /// when there are none, or when their deletion already runs.
    pub async fn expire(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        horizon: DateTime<Utc>,
    ) -> Result<bool, WarehouseError> {
        let statement = |sql| {
            let query = self.writer(destination)?.query_raw(sql);
            let query = query.param("client_id", client_id.as_str());
            Ok::<_, WarehouseError>(query.param("horizon", horizon.timestamp_millis()))
        };
        let mut started = false;
        for (expired, expire) in STATEMENTS {
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
