use chrono::Utc;
use tenancy::ClientId;

use crate::{Aggregates, AggregatesError, tenant::first_served};

impl Aggregates {
    /// Requests that the counters of a tenant's slot group are computed again from ClickHouse, under a new key
    /// generation. Returns the present key generation. Until the slot group is whole, its hours are read from
    /// ClickHouse.
    ///
    /// # Errors
    /// Redis did not answer; repeat it.
    pub async fn request_recount(&self, client_id: &ClientId) -> Result<u64, AggregatesError> {
        let slot_group = self.keys.tenant(client_id).slot_group();
        let before = self.chain(slot_group).await?.key_generation();
        self.discard_chains(slot_group).await?;
        Ok(before)
    }

    /// Removes the counters of a tenant that were not computed again, and what was kept of its reports, once the slot
    /// group is whole in a later key generation than `before`. Returns how many keys there were; `None` while it is not.
    ///
    /// # Errors
    /// Redis did not answer; repeat it.
    pub async fn remove_former_counters(
        &self,
        client_id: &ClientId,
        before: u64,
    ) -> Result<Option<u64>, AggregatesError> {
        let keys = self.keys.tenant(client_id);
        let chain = self.chain(keys.slot_group()).await?;
        let whole_from = chain.whole_from(&self.keys.layout());
        let is_whole = whole_from.is_some_and(|from| from <= first_served(Utc::now()));
        if !is_whole || chain.key_generation() <= before {
            return Ok(None);
        }
        let current = format!("{}_{}", keys.slot_group(), chain.key_generation());
        let removed = self.remove(&keys.counters_pattern(), |key| !key.ends_with(&current)).await?;
        let kept = keys.kept_reads();
        Ok(Some(removed + self.remove(&kept, |key| key == kept).await?))
    }
}
