//! Calls of Redis that are given up at any moment: their answers must reach nobody else.

use std::sync::Arc;

use aggregates::{Aggregates, TenantAggregates};
use chrono::{TimeDelta, Utc};
use control_plane::ControlPlane;
use metrics::{Counter, TimeRange};
use rand::{Rng, rngs::StdRng};
use tenancy::{TenantContext, TenantRouter};
use tokio::task::yield_now;

use super::traffic::Traffic;
use crate::{
    Failure,
    figures::Outcome,
    options::Options,
    stand::{Shop, Stand},
};

/// The calls of a full run, and of the smallest slice.
const CALLS: usize = 10_000;
const CALLS_LEAST: usize = 200;
/// A call that is given up was polled so often at most.
const MOST_POLLS: usize = 60;
/// A call may have its answer before it is given up: then it does not count, and another one is made.
const MOST_TRIES: usize = 20;

/// A tenant's numbers in Redis.
struct Numbers {
    redis: TenantAggregates,
    /// The impressions of `spring`, which no other tenant has as many of.
    expected: u64,
}

/// Gives up calls for one tenant, and asks for the numbers of another one on the same connection after each.
pub(super) async fn run(
    stand: &Stand,
    tenants: &[Traffic<'_>],
    options: &Options,
    random: &mut StdRng,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let directory = ControlPlane::connect(&stand.platform.postgres()).await?;
    let router = TenantRouter::new(Arc::new(directory));
    let redis = Aggregates::connect(&stand.platform.redis())?;
    let mut all = Vec::new();
    for traffic in tenants {
        let redis = redis.for_tenant(&context(&router, traffic.shop).await?);
        all.push(Numbers { redis, expected: traffic.impressions("spring") });
    }
    let calls = options.share(CALLS, CALLS_LEAST);
    let (mut given_up, mut tries) = (0, 0);
    // The tenant of a call, and another one.
    let mut pairs = all.iter().cycle().zip(all.iter().cycle().skip(1));
    while let Some((one, other)) = pairs.next().filter(|_| given_up < calls) {
        given_up += usize::from(give_up(one, random).await?);
        tries += 1;
        if tries > calls * MOST_TRIES {
            return Err(format!("only {given_up} calls of {tries} could be given up").into());
        }
        let found = other.read().await?;
        outcome.check(found == other.expected, || {
            format!("Redis has {found} impressions of a tenant that has {}", other.expected)
        });
    }
    outcome.count("cancelled calls of Redis", given_up);
    Ok(())
}

/// Begins a call, and drops it after some polls. Returns whether it had no answer yet.
async fn give_up(numbers: &Numbers, random: &mut StdRng) -> Result<bool, Failure> {
    let mut call = Box::pin(numbers.read());
    for _ in 0..random.random_range(1..=MOST_POLLS) {
        if futures::poll!(call.as_mut()).is_ready() {
            return Ok(false);
        }
        yield_now().await;
    }
    Ok(true)
}

impl Numbers {
    async fn read(&self) -> Result<u64, Failure> {
        let now = Utc::now();
        let range = TimeRange::covering(now - TimeDelta::hours(3), now + TimeDelta::hours(1))?;
        let live = self.redis.campaign_series(&"spring".parse()?, range, &[]).await?;
        Ok(live.series.values().map(|sums| sums.count(Counter::Impressions)).sum())
    }
}

#[expect(clippy::disallowed_methods, reason = "it reads the stores of tenants that it has made")]
async fn context(router: &TenantRouter, shop: &Shop) -> Result<TenantContext, Failure> {
    Ok(router.resolve_record(&shop.tenant.id.parse()?).await?)
}
