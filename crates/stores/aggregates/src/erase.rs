use tenancy::ClientId;

use crate::{Aggregates, AggregatesError};

/// About how many keys Redis looks at in one call.
const KEYS_AT_ONCE: u32 = 1_000;

impl Aggregates {
    /// Removes every key of a tenant: counters, feed, limit and kept reads. Returns how many there were. Redis looks at all
    /// keys of the platform, a thousand at a time.
    ///
    /// # Errors
    /// Redis did not answer; repeat it.
    pub async fn erase_tenant(&self, client_id: &ClientId) -> Result<u64, AggregatesError> {
        let pattern = self.keys.tenant(client_id).pattern();
        let mut connection = self.connection();
        let mut removed = 0;
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(KEYS_AT_ONCE);
            let (next, keys): (u64, Vec<String>) = scan.query_async(&mut connection).await?;
            if !keys.is_empty() {
                let mut unlink = redis::cmd("UNLINK");
                let unlinked: u64 = unlink.arg(&keys).query_async(&mut connection).await?;
                removed += unlinked;
            }
            if next == 0 {
                return Ok(removed);
            }
            cursor = next;
        }
    }
}
