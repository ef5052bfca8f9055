use futures::future::try_join_all;
use tenancy::Scoped;

use crate::{
    Aggregates, AggregatesError, Bucket, LiveBatch, LiveDelta, MAX_BATCH_ARGUMENTS, Outcome,
    call::Call, chain::fence_field,
};

impl Aggregates {
    /// Counts a batch of the log, once: in each bucket one script adds to the counters, appends to
    /// the live feeds and moves the fence, or does nothing. Buckets without rows are touched too,
    /// which keeps every chain dense.
    ///
    /// `reached` are offsets that fences are known to have been at (log generation, partition,
    /// offset). While one is behind, because Redis came back with an older file, the feeds only
    /// name what changed: followers were told more than the counters hold.
    ///
    /// # Errors
    /// Redis did not answer, or the batch is too large for one script. Some buckets may have taken
    /// the batch: send the same one again, or parts of it when it was too large.
    pub async fn apply(
        &self,
        batch: &LiveBatch,
        reached: &[(u16, u16, u64)],
        deltas: Vec<Scoped<Vec<LiveDelta>>>,
    ) -> Result<Vec<(Bucket, Outcome)>, AggregatesError> {
        let mut calls: Vec<_> =
            self.keys.buckets().map(|bucket| (bucket, self.call(bucket, batch, reached))).collect();
        for scoped in &deltas {
            let keys = self.keys.tenant(scoped.tenant().client_id());
            for (_, call) in calls.iter_mut().filter(|(bucket, _)| *bucket == keys.bucket()) {
                call.add_deltas(&keys, scoped.value());
                call.add_feed(&keys, scoped.value());
            }
        }
        if let Some(size) =
            calls.iter().map(|(_, call)| call.size()).find(|size| *size > MAX_BATCH_ARGUMENTS)
        {
            return Err(AggregatesError::BatchTooLarge(size));
        }
        try_join_all(calls.into_iter().map(|(bucket, call)| self.run(bucket, batch, call))).await
    }

    /// One run of `apply.lua`, which describes the arguments.
    fn call(&self, bucket: Bucket, batch: &LiveBatch, reached: &[(u16, u16, u64)]) -> Call {
        let mut arguments = vec![
            fence_field(batch.kgen, batch.partition),
            batch.first.to_string(),
            batch.last.to_string(),
            batch.log_time.timestamp_millis().to_string(),
            self.keys.layout(),
            reached.len().to_string(),
        ];
        for (kgen, partition, offset) in reached {
            arguments.extend([fence_field(*kgen, *partition), offset.to_string()]);
        }
        Call::new(vec![self.keys.chain(bucket)], arguments)
    }

    async fn run(
        &self,
        bucket: Bucket,
        batch: &LiveBatch,
        call: Call,
    ) -> Result<(Bucket, Outcome), AggregatesError> {
        let outcome = match call.run(self, &self.scripts.apply).await? {
            (1, 0) => Outcome::Applied,
            (1, poisoned) => {
                let LiveBatch { partition, first, last, .. } = *batch;
                tracing::error!(%bucket, partition, first, last, poisoned, "live keys refused an increment");
                Outcome::Applied
            }
            (0, _) => Outcome::AlreadyApplied,
            (-1, fence) => Outcome::ChainBroken { fence: u64::try_from(fence).ok() },
            (code, _) => {
                return Err(AggregatesError::Unreadable(format!("outcome {code} of apply")));
            }
        };
        Ok((bucket, outcome))
    }
}
