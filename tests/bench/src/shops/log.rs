use std::time::Duration;

use chrono::Utc;
use events::{Event, ParseContext, parse};
use futures::{StreamExt, TryStreamExt, stream::iter};
use stream::{Delivery, Producer, PublishOutcome};
use tenancy::TenantContext;
use testkit::{Platform, tenant_context, tenant_record};
use uuid::Uuid;

use super::{Shop, Sizes};
use crate::Failure;

/// Events of all tenants together before the next ones of the first tenant, and how many calls to
/// Kafka are in flight.
const TURN: u32 = 2_000;
const AT_ONCE: usize = 64;

/// The requests that events of the log came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requests {
    /// The events of each, at most.
    pub(crate) events: usize,
    /// Of so many, one was recorded, and its records name its trace; 0: none.
    pub(crate) one_recorded_of: u64,
}

impl Requests {
    /// As large as they can be, none of them recorded.
    pub(crate) const LARGE: Self = Self { events: usize::MAX, one_recorded_of: 0 };
}

/// What waits in the log.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filled {
    /// Records, one for each event.
    pub(crate) records: u64,
    /// The rows that they become: one for each item of an event, at least one.
    pub(crate) rows: u64,
}

/// Publishes events of some tenants, given by id with the number of their events. The tenants take
/// turns, as their requests do.
///
/// # Errors
/// Kafka did not accept all of them.
pub(crate) async fn fill(
    platform: &Platform,
    shares: impl IntoIterator<Item = (&str, u32)>,
    sizes: Sizes,
    requests: Requests,
) -> Result<Filled, Failure> {
    let producer = Producer::new(&platform.log())?;
    let mut filled = Filled::default();
    let mut senders = Vec::new();
    for (seed, (id, share)) in (1..).zip(shares) {
        let context = tenant_context(tenant_record(&id.parse()?)).await;
        senders.push(Sender { context, share, shop: Shop::new(seed, sizes) });
    }
    let total: u32 = senders.iter().map(|sender| sender.share).sum();
    let turns = total.div_ceil(TURN);
    let mut sent = 0_u64;
    for turn in 0..turns {
        let mut calls = Vec::new();
        for sender in &mut senders {
            let events = sender.events(turn, turns)?;
            filled.records += events.len() as u64;
            filled.rows += events.iter().map(|event| event.items.len().max(1) as u64).sum::<u64>();
            let mut events = events.into_iter().peekable();
            while events.peek().is_some() {
                let request = events.by_ref().take(requests.events).collect();
                sent += 1;
                let is_recorded = sent.checked_rem(requests.one_recorded_of) == Some(0);
                let trace = is_recorded.then(traceparent);
                calls.push(publish(&producer, sender.context.clone(), request, trace));
            }
        }
        iter(calls).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    }
    Ok(filled)
}

/// A tenant that sends events.
struct Sender {
    context: TenantContext,
    share: u32,
    shop: Shop,
}

impl Sender {
    /// Returns its events of one of `turns` turns.
    fn events(&mut self, turn: u32, turns: u32) -> Result<Vec<Event>, Failure> {
        let up_to = |turn: u32| u64::from(self.share) * u64::from(turn) / u64::from(turns);
        let count = up_to(turn + 1) - up_to(turn);
        (0..count).map(|_| event(&self.context, &mut self.shop)).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench publishes events of its own tenant")]
async fn publish(
    producer: &Producer,
    context: TenantContext,
    events: Vec<Event>,
    trace: Option<String>,
) -> Result<(), Failure> {
    let delivery = Delivery { within: Duration::from_secs(60), traceparent: trace.as_deref() };
    let outcomes = producer.publish(context.scope(events), delivery).await;
    let all = outcomes.iter().all(|one| matches!(one, PublishOutcome::Published { .. }));
    if all { Ok(()) } else { Err("Kafka did not accept all events".into()) }
}

/// Returns the header of a recorded request.
fn traceparent() -> String {
    let id = Uuid::now_v7().as_u128();
    format!("00-{id:032x}-{:016x}-01", id as u64)
}

fn event(context: &TenantContext, shop: &mut Shop) -> Result<Event, Failure> {
    let now = Utc::now();
    let reading = ParseContext::new(context.client_id(), context.currency(), now);
    let parsed = parse(shop.event(now).as_bytes(), &reading);
    Ok(parsed.map_err(|rejection| format!("{rejection:?}"))?.event)
}
