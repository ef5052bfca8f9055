use std::collections::HashSet;

use tenancy::ClientId;
use uuid::Uuid;

use crate::{Aggregates, AggregatesError, account_hash};

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
        self.remove(&pattern, |_| true).await
    }

    /// Removes what is known of the logins of users: failures, and the networks from which they logged in. Returns how
    /// many keys there were. Redis looks at all keys, as before.
    ///
    /// # Errors
    /// Redis did not answer; repeat it.
    pub async fn erase_logins(&self, users: &[Uuid]) -> Result<u64, AggregatesError> {
        let accounts: HashSet<String> =
            users.iter().map(|user| hex::encode(account_hash(*user))).collect();
        let is_of_users = |key: &str| {
            let mut parts = key.split(['_', '{']);
            parts.any(|part| accounts.contains(part))
        };
        self.remove(&self.keys.logins_pattern(), is_of_users).await
    }

    /// Removes the keys that match a pattern and are wanted.
    pub(crate) async fn remove(
        &self,
        pattern: &str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<u64, AggregatesError> {
        let mut connection = self.connection();
        let mut removed = 0;
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(KEYS_AT_ONCE);
            let (next, mut keys): (u64, Vec<String>) = scan.query_async(&mut connection).await?;
            keys.retain(|key| is_wanted(key));
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
