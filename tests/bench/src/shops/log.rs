use std::time::Duration;

use chrono::Utc;
use events::{Event, ParseContext, parse};
use futures::{StreamExt, TryStreamExt, stream::iter};
use stream::{Delivery, Producer, PublishOutcome};
use tenancy::TenantContext;
use testkit::{Platform, tenant_context, tenant_record};

use super::{Shop, Sizes};
use crate::Failure;

/// Events of all tenants together before the next ones of the first tenant, and how many calls to
/// Kafka are in flight.
const TURN: u32 = 2_000;
const AT_ONCE: usize = 64;

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
    for turn in 0..turns {
        let mut calls = Vec::new();
        for sender in &mut senders {
            let events = sender.events(turn, turns)?;
            filled.records += events.len() as u64;
            filled.rows += events.iter().map(|event| event.items.len().max(1) as u64).sum::<u64>();
            if !events.is_empty() {
                calls.push(publish(&producer, sender.context.clone(), events));
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
) -> Result<(), Failure> {
    let delivery = Delivery { within: Duration::from_secs(60), traceparent: None };
    let outcomes = producer.publish(context.scope(events), delivery).await;
    let all = outcomes.iter().all(|one| matches!(one, PublishOutcome::Published { .. }));
    if all { Ok(()) } else { Err("Kafka did not accept all events".into()) }
}

fn event(context: &TenantContext, shop: &mut Shop) -> Result<Event, Failure> {
    let now = Utc::now();
    let reading = ParseContext::new(context.client_id(), context.currency(), now);
    let parsed = parse(shop.event(now).as_bytes(), &reading);
    Ok(parsed.map_err(|rejection| format!("{rejection:?}"))?.event)
}
