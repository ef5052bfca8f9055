use std::time::Duration;

use chrono::Utc;
use tenancy::ClientId;

use crate::{Aggregates, AggregatesError, SlotGroup, chain::Chain, tenant::first_served};

impl Aggregates {
    /// Requests that the counters of a tenant's slot group are computed again from ClickHouse, under a new key
    /// generation. Returns the present key generation; `None`, with nothing requested, while an earlier rebuild is
    /// under way: repeat it later. Otherwise frequent requests would end each rebuild before it is complete. Requests
    /// that come before a rebuild has begun share it. Until the slot group is whole, its hours are read from ClickHouse:
    /// also those of other tenants in it, so the next request begins a rebuild only `pause` after the last one.
    ///
    /// # Errors
    /// Redis did not answer; repeat it.
    pub async fn request_recount(
        &self,
        client_id: &ClientId,
        pause: Duration,
    ) -> Result<Option<u64>, AggregatesError> {
        let slot_group = self.keys.tenant(client_id).slot_group();
        let chain = self.chain(slot_group).await?;
        if !chain.is_discarded() {
            if !self.is_whole(&chain) || self.pauses(slot_group).await? {
                return Ok(None);
            }
            self.discard_chains(slot_group).await?;
            self.pause_recounts(slot_group, pause).await?;
        }
        Ok(Some(chain.key_generation()))
    }

    /// Whether the last recount of a slot group was requested a short time ago.
    async fn pauses(&self, slot_group: SlotGroup) -> Result<bool, AggregatesError> {
        let mut command = redis::cmd("EXISTS");
        command.arg(self.keys.recount_pause(slot_group));
        Ok(command.query_async(&mut self.connection()).await?)
    }

    async fn pause_recounts(
        &self,
        slot_group: SlotGroup,
        pause: Duration,
    ) -> Result<(), AggregatesError> {
        if pause.is_zero() {
            return Ok(());
        }
        let mut command = redis::cmd("SET");
        command.arg(self.keys.recount_pause(slot_group)).arg(1);
        command.arg("PX").arg(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        Ok(command.exec_async(&mut self.connection()).await?)
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
        if !self.is_whole(&chain) || chain.key_generation() <= before {
            return Ok(None);
        }
        let current = format!("{}_{}", keys.slot_group(), chain.key_generation());
        let removed = self.remove(&keys.counters_pattern(), |key| !key.ends_with(&current)).await?;
        let kept = keys.kept_reads();
        Ok(Some(removed + self.remove(&kept, |key| key == kept).await?))
    }

    /// Whether the hours of a slot group that readers ask for are all whole.
    fn is_whole(&self, chain: &Chain) -> bool {
        let whole_from = chain.whole_from(&self.keys.layout());
        whole_from.is_some_and(|from| from <= first_served(Utc::now()))
    }
}
