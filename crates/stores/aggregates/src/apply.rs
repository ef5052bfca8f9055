use futures::future::try_join_all;
use log::{LogPlace, Offset};
use tenancy::Scoped;

use crate::{
    Aggregates, AggregatesError, ApplyOutcome, LiveBatch, LiveDelta, MAX_BATCH_ARGUMENTS,
    SlotGroup, call::Call, chain::fence_field,
};

impl Aggregates {
    /// Applies a batch of the log, once. In each slot group one script adds to the counters,
    /// appends to the live feeds and moves the fence, or does nothing. This includes slot groups
    /// without rows, which keeps every chain unbroken.
    ///
    /// `known_fences` are places that fences are known to have been at. While a fence is behind its
    /// place, because Redis restarted with an older file, the feeds only name what changed: clients
    /// have already received higher numbers than the counters hold.
    ///
    /// # Errors
    /// Redis did not answer, or the batch is too large for one script. Some slot groups may have
    /// applied the batch: send it again, or in parts when it was too large.
    pub async fn apply(
        &self,
        batch: &LiveBatch,
        known_fences: &[LogPlace],
        deltas: Vec<Scoped<Vec<LiveDelta>>>,
    ) -> Result<Vec<(SlotGroup, ApplyOutcome)>, AggregatesError> {
        let mut calls: Vec<_> = self
            .keys
            .slot_groups()
            .map(|slot_group| (slot_group, self.call(slot_group, batch, known_fences)))
            .collect();
        for scoped in &deltas {
            let keys = self.keys.tenant(scoped.tenant().client_id());
            for (_, call) in calls.iter_mut().filter(|(group, _)| *group == keys.slot_group()) {
                call.add_deltas(&keys, scoped.value());
                call.add_feed(&keys, scoped.value());
            }
        }
        if let Some(size) =
            calls.iter().map(|(_, call)| call.size()).find(|size| *size > MAX_BATCH_ARGUMENTS)
        {
            return Err(AggregatesError::BatchTooLarge(size));
        }
        let runs = calls.into_iter().map(|(slot_group, call)| self.run(slot_group, batch, call));
        try_join_all(runs).await
    }

    /// Returns one call of `apply.lua`, which describes the arguments.
    fn call(&self, slot_group: SlotGroup, batch: &LiveBatch, known_fences: &[LogPlace]) -> Call {
        let range = batch.range;
        let mut arguments = vec![
            fence_field(range.generation, range.partition),
            range.first.to_string(),
            range.last.to_string(),
            batch.log_time.timestamp_millis().to_string(),
            self.keys.layout(),
            known_fences.len().to_string(),
        ];
        for known in known_fences {
            let field = fence_field(known.generation, known.partition);
            arguments.extend([field, known.offset.to_string()]);
        }
        Call::new(vec![self.keys.chain(slot_group)], arguments)
    }

    async fn run(
        &self,
        slot_group: SlotGroup,
        batch: &LiveBatch,
        call: Call,
    ) -> Result<(SlotGroup, ApplyOutcome), AggregatesError> {
        let outcome = match call.run(self, &self.scripts.apply).await? {
            (1, 0) => ApplyOutcome::Applied,
            (1, poisoned) => {
                let range = batch.range;
                tracing::error!(%slot_group, %range, poisoned, "live keys refused an increment");
                ApplyOutcome::Applied
            }
            (0, _) => ApplyOutcome::AlreadyApplied,
            (-1, fence) => {
                ApplyOutcome::ChainBroken { fence: u64::try_from(fence).ok().map(Offset::new) }
            }
            (code, _) => {
                return Err(AggregatesError::Unreadable(format!("answer {code} of apply.lua")));
            }
        };
        Ok((slot_group, outcome))
    }
}
