use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use log::{Generation, Offset};
use tenancy::{CampaignId, ClientId};

use crate::{
    Aggregates, AggregatesError, LiveDelta, SlotGroup, TenantAggregates, call::Call, chain::LAYOUT,
    tenant::first_served,
};

/// How long the steps of a rebuild are remembered: longer than the keys that they add to.
const STEPS_RETENTION: Duration = Duration::from_hours(76);

/// The work of adding to a slot group's counters what lies before the start of its chains.
///
/// Batches after the start of the chains are counted as usual. The events before
/// [`starts`](Self::starts) with times from [`from`](Self::from) on are missing. ClickHouse has
/// them, once the store group has stored that far, and they never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuild {
    slot_group: SlotGroup,
    /// Names the rebuild; all processes that join it have the same token.
    token: String,
    /// The first hour that is rebuilt.
    pub from: DateTime<Utc>,
    /// The generation of the log.
    pub generation: Generation,
    /// Where the chains begin, from partition 0 on.
    pub starts: Vec<Offset>,
}

/// The result of an attempt to finish a rebuild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Finish {
    /// The hours are whole: readers trust them from now on.
    Whole,
    /// Redis has lost steps: do all of them again. Steps that Redis has not lost change nothing.
    StepsMissing,
    /// Another process has finished the rebuild, or the slot group began a new key generation.
    Over,
}

impl Aggregates {
    /// Returns all slot groups.
    pub fn slot_groups(&self) -> impl Iterator<Item = SlotGroup> {
        self.keys.slot_groups()
    }

    /// Joins the rebuild that a slot group needs. `None` when its hours are whole, a partition has
    /// no chain yet, or another process than `owner` works on it.
    ///
    /// `owner` has the rebuild to itself for `alone`: join again before that time is over. Two
    /// processes at once do no harm, since each step counts once.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn join_rebuild(
        &self,
        slot_group: SlotGroup,
        owner: &str,
        alone: Duration,
    ) -> Result<Option<Rebuild>, AggregatesError> {
        let chain = self.chain(slot_group).await?;
        let layout = self.keys.layout();
        let first_hour = first_served(Utc::now());
        let Some(whole_from) = chain.whole_from(&layout).filter(|from| *from > first_hour) else {
            return Ok(None);
        };
        let Some((generation, starts)) = chain.starts(&layout) else {
            tracing::info!(%slot_group, %whole_from, "unknown chain start, starting new chains");
            self.discard_chains(slot_group).await?;
            return Ok(None);
        };
        let mut invocation = self.scripts.join_rebuild.prepare_invoke();
        invocation
            .key(self.keys.chain(slot_group))
            .arg(chain.key_generation())
            .arg(owner)
            .arg(alone.as_millis() as u64)
            .arg(first_hour.timestamp());
        let joined: Vec<String> = invocation.invoke_async(&mut self.connection()).await?;
        let Ok([token, from]) = <[String; 2]>::try_from(joined) else {
            return Ok(None);
        };
        let from = from.parse().ok().and_then(|from| DateTime::from_timestamp(from, 0));
        let from =
            from.ok_or_else(|| AggregatesError::Unreadable(format!("rebuild of {slot_group}")))?;
        Ok(Some(Rebuild { slot_group, token, from, generation, starts }))
    }

    /// Makes the hours of a rebuilt slot group whole, if all `steps` of the rebuild are done.
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
            .key(self.keys.chain(rebuild.slot_group))
            .key(self.keys.rebuild_steps(rebuild.slot_group, &rebuild.token))
            .arg(&rebuild.token)
            .arg(steps);
        match invocation.invoke_async(&mut self.connection()).await? {
            1 => Ok(Finish::Whole),
            0 => Ok(Finish::StepsMissing),
            -1 => Ok(Finish::Over),
            code => {
                Err(AggregatesError::Unreadable(format!("answer {code} of finish_rebuild.lua")))
            }
        }
    }

    /// Requests a rebuild of every slot group, after rows in ClickHouse were changed. The
    /// processors begin at once. Until a slot group is whole, its hours are read from ClickHouse.
    ///
    /// # Errors
    /// Redis did not answer; the rebuild of some slot groups may be requested.
    pub async fn request_rebuild(&self) -> Result<(), AggregatesError> {
        for slot_group in self.keys.slot_groups() {
            self.discard_chains(slot_group).await?;
        }
        Ok(())
    }

    /// Sets an empty layout, which no slot group has. Writers and readers then no longer recognise
    /// the chains, but the next key generation still knows that there were some.
    pub(crate) async fn discard_chains(
        &self,
        slot_group: SlotGroup,
    ) -> Result<(), AggregatesError> {
        let mut command = redis::cmd("HSET");
        command.arg(self.keys.chain(slot_group)).arg(LAYOUT).arg("");
        Ok(command.exec_async(&mut self.connection()).await?)
    }
}

impl Rebuild {
    /// Whether the tenant's counters are in the slot group that is rebuilt.
    pub fn concerns(&self, aggregates: &Aggregates, client_id: &ClientId) -> bool {
        aggregates.keys.tenant(client_id).slot_group() == self.slot_group
    }
}

impl TenantAggregates {
    /// Adds to one campaign's day what lies before the chains, once: all numbers and products of
    /// that day, from the rebuild's first hour on. Returns the name of the step; `None` when the
    /// rebuild is over.
    ///
    /// # Errors
    /// Redis did not answer; the step may be repeated.
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

    /// Adds only the visitors of `deltas`, which lie before the chains. Call it before the
    /// [step](Self::add_base) of their day, with some thousands at a time. Visitors that are added
    /// twice count once. Returns `false` when the rebuild is over.
    ///
    /// # Errors
    /// Redis did not answer; the call may be repeated.
    pub async fn add_base_visitors(
        &self,
        rebuild: &Rebuild,
        deltas: &[LiveDelta],
    ) -> Result<bool, AggregatesError> {
        let mut call = self.base_call(rebuild, "");
        deltas.iter().for_each(|delta| call.add_visitors(&self.keys, delta));
        self.add(rebuild, "", call).await
    }

    /// Returns one call of `add_base.lua`, which describes the arguments.
    fn base_call(&self, rebuild: &Rebuild, step: &str) -> Call {
        let Rebuild { slot_group, token, .. } = rebuild;
        let keys = &self.aggregates.keys;
        Call::new(
            vec![keys.chain(*slot_group), keys.rebuild_steps(*slot_group, token)],
            vec![token.clone(), step.to_owned(), STEPS_RETENTION.as_secs().to_string()],
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
            let slot_group = rebuild.slot_group;
            tracing::error!(%slot_group, step, poisoned, "live keys refused a rebuild step");
        }
        Ok(outcome >= 0)
    }
}
