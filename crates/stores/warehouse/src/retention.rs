use std::time::Duration;

use chrono::{DateTime, Utc};
use tenancy::{ClientId, Destination};

use crate::{Warehouse, WarehouseError, driver::within};

/// How long one of the statements may take; the deletion itself goes on behind it.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);

/// For each table, whether there is anything to delete, and the deletion.
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
    /// Has the server delete a tenant's rows that came into the log before `horizon`, rollups
    /// included, and events refused before it; `false` when there are none, or the server is at it
    /// already: it takes its time.
    pub async fn expire(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        horizon: DateTime<Utc>,
    ) -> Result<bool, WarehouseError> {
        let ask = |sql| {
            let query = self.writer(destination)?.query_raw(sql);
            let query = query.param("client_id", client_id.as_str());
            Ok::<_, WarehouseError>(query.param("horizon", horizon.timestamp_millis()))
        };
        let mut asked = false;
        for (expired, expire) in STATEMENTS {
            if within(STATEMENT_TIMEOUT, ask(expired)?.fetch_one()).await? {
                // The server's default is to answer when the deletion is done.
                let expire = ask(expire)?.with_setting("mutations_sync", "0");
                within(STATEMENT_TIMEOUT, expire.execute()).await?;
                asked = true;
            }
        }
        Ok(asked)
    }
}
