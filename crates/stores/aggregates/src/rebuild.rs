use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use tenancy::{CampaignId, ClientId};

use crate::{
    Aggregates, AggregatesError, Bucket, LiveDelta, TenantAggregates, call::Call, chain::LAYOUT,
    tenant::first_served,
};

/// How long the steps of a rebuild are remembered: longer than what they add to is kept.
const STEPS_KEPT: Duration = Duration::from_hours(76);

/// A bucket whose counters lack what lies below its chains, and the work of adding it.
///
/// Since the chains began, every batch is counted as ever. What is missing are the events below
/// [`starts`](Self::starts) with times from [`from`](Self::from) on: ClickHouse has them, once its
/// sink has come that far, and they never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuild {
    bucket: Bucket,
    /// Names the rebuild; whoever joins it has the same one.
    token: String,
    /// The first hour that is rebuilt.
    pub from: DateTime<Utc>,
    /// The generation of the log.
    pub kgen: u16,
    /// Where the chains begin, from partition 0 on.
    pub starts: Vec<u64>,
}

/// What became of the attempt to end a rebuild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Finish {
    /// The hours are whole: readers trust them from now on.
    Whole,
    /// Redis has lost steps: take all of them again, those that are there will change nothing.
    StepsMissing,
    /// Another has ended it, or the bucket began anew.
    Over,
}

impl Aggregates {
    /// The buckets whose counters are whole or have to be rebuilt.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> {
        self.keys.buckets()
    }

    /// The rebuild that a bucket needs; `None` when its hours are whole, a partition has no chain
    /// yet, or another than `owner` is at it.
    ///
    /// `owner` has it alone for `alone`: ask again before that is over. Two at once do no harm,
    /// since each step is taken once.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn join_rebuild(
        &self,
        bucket: Bucket,
        owner: &str,
        alone: Duration,
    ) -> Result<Option<Rebuild>, AggregatesError> {
        let (chain, layout) = (self.chain(bucket).await?, self.keys.layout());
        let first_hour = first_served(Utc::now());
        let Some(whole_from) = chain.whole_from(&layout).filter(|from| *from > first_hour) else {
            return Ok(None);
        };
        let Some((kgen, starts)) = chain.starts(&layout) else {
            tracing::info!(%bucket, %whole_from, "where chains began is not known, starting anew");
            self.begin_anew(bucket).await?;
            return Ok(None);
        };
        let mut invocation = self.scripts.join_rebuild.prepare_invoke();
        invocation
            .key(self.keys.chain(bucket))
            .arg(chain.generation())
            .arg(owner)
            .arg(alone.as_millis() as u64)
            .arg(first_hour.timestamp());
        let joined: Vec<String> = invocation.invoke_async(&mut self.connection()).await?;
        let Ok([token, from]) = <[String; 2]>::try_from(joined) else {
            return Ok(None);
        };
        let from = from.parse().ok().and_then(|from| DateTime::from_timestamp(from, 0));
        let from =
            from.ok_or_else(|| AggregatesError::Unreadable(format!("rebuild of {bucket}")))?;
        Ok(Some(Rebuild { bucket, token, from, kgen, starts }))
    }

    /// Makes the hours of a rebuilt bucket whole, when all of its `steps` were taken.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn finish_rebuild(
        &self,
        rebuild: &Rebuild,
        steps: &[String],
    ) -> Result<Finish, AggregatesError> {
        let mut invocation = self.scripts.finish_rebuild.prepare_invoke();
        invocation
            .key(self.keys.chain(rebuild.bucket))
            .key(self.keys.rebuild_steps(rebuild.bucket, &rebuild.token))
            .arg(&rebuild.token)
            .arg(steps);
        match invocation.invoke_async(&mut self.connection()).await? {
            1 => Ok(Finish::Whole),
            0 => Ok(Finish::StepsMissing),
            -1 => Ok(Finish::Over),
            code => Err(AggregatesError::Unreadable(format!("outcome {code} of a rebuild"))),
        }
    }

    /// Has every bucket built anew from ClickHouse, whose rows were changed beneath the counters. The
    /// processors begin at once; until a bucket is whole, its hours are read from ClickHouse.
    ///
    /// # Errors
    /// Redis did not answer; some buckets may have been begun.
    pub async fn request_rebuild(&self) -> Result<(), AggregatesError> {
        for bucket in self.keys.buckets() {
            self.begin_anew(bucket).await?;
        }
        Ok(())
    }

    /// No layout is empty: neither writers nor readers recognise the chain any more, and the next
    /// generation knows that there was one.
    async fn begin_anew(&self, bucket: Bucket) -> Result<(), AggregatesError> {
        let mut command = redis::cmd("HSET");
        command.arg(self.keys.chain(bucket)).arg(LAYOUT).arg("");
        Ok(command.exec_async(&mut self.connection()).await?)
    }
}

impl Rebuild {
    /// Whether it is of the bucket that has the tenant's counters.
    pub fn concerns(&self, aggregates: &Aggregates, client_id: &ClientId) -> bool {
        aggregates.keys.tenant(client_id).bucket() == self.bucket
    }
}

impl TenantAggregates {
    /// Adds what lies below the chains to one campaign's day, once: all numbers and products of
    /// that day, from the rebuild's first hour on. Returns the name of the step; `None` when the
    /// rebuild is over.
    ///
    /// # Errors
    /// Redis did not answer; the step may be taken again.
    pub async fn add_base(
        &self,
        rebuild: &Rebuild,
        campaign: &CampaignId,
        day: NaiveDate,
        deltas: &[LiveDelta],
    ) -> Result<Option<String>, AggregatesError> {
        let step = format!("{} {campaign} {day}", self.keys.client_id());
        let mut call = self.base_call(rebuild, &step);
        call.add_deltas(&self.keys, deltas);
        let is_on = self.add(rebuild, &step, call).await?;
        Ok(is_on.then_some(step))
    }

    /// Adds the visitors of `deltas` from below the chains, and nothing else of them, before the [step](Self::add_base) of their day, and in
    /// portions of some thousands. Visitors that are added twice count once. `false` when the
    /// rebuild is over.
    ///
    /// # Errors
    /// Redis did not answer; they may be added again.
    pub async fn add_base_visitors(
        &self,
        rebuild: &Rebuild,
        deltas: &[LiveDelta],
    ) -> Result<bool, AggregatesError> {
        let mut call = self.base_call(rebuild, "");
        deltas.iter().for_each(|delta| call.add_visitors(&self.keys, delta));
        self.add(rebuild, "", call).await
    }

    /// One run of `add_base.lua`, which describes the arguments.
    fn base_call(&self, rebuild: &Rebuild, step: &str) -> Call {
        let Rebuild { bucket, token, .. } = rebuild;
        let keys = &self.aggregates.keys;
        Call::new(
            vec![keys.chain(*bucket), keys.rebuild_steps(*bucket, token)],
            vec![token.clone(), step.to_owned(), STEPS_KEPT.as_secs().to_string()],
        )
    }

    async fn add(
        &self,
        rebuild: &Rebuild,
        step: &str,
        call: Call,
    ) -> Result<bool, AggregatesError> {
        let (outcome, poisoned) =
            call.run(&self.aggregates, &self.aggregates.scripts.add_base).await?;
        if poisoned > 0 {
            let bucket = rebuild.bucket;
            tracing::error!(%bucket, step, poisoned, "live keys refused what they lacked");
        }
        Ok(outcome >= 0)
    }
}
