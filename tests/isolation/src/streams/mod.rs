//! Live streams of several tenants at the same time, which break and resume, and calls of Redis that are given up.

mod awaits;
mod follower;
mod traffic;

use std::time::Duration;

use futures::future::try_join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use testkit::Tier;
use tokio::time::sleep;

use crate::{
    Failure,
    figures::Outcome,
    options::Options,
    stand::{Stand, Words},
};

use follower::Follower;
use traffic::Traffic;

const TENANTS: usize = 8;
/// Streams of a full run, and of the smallest slice: one of each kind for each tenant.
const STREAMS: usize = 200;
const STREAMS_LEAST: usize = 40;
/// How often a stream breaks, all streams together.
const DISCONNECTS: usize = 1_000;
const DISCONNECTS_LEAST: usize = 40;
/// The events of all tenants together.
const EVENTS: usize = 100_000;
const EVENTS_LEAST: usize = 2_000;
/// A stream breaks within this time, and stays away for as long at most, unless it stays away until all is sent.
const BREAK_WITHIN_MS: u64 = 1_000;

/// Lets streams of all kinds break while events arrive. In each round, half of them come back soon, and half when no event
/// arrives any more: what those have missed they can only learn from where they resume.
///
/// # Errors
/// The platform cannot be prepared, refuses an event or refuses a stream.
pub(crate) async fn run(options: &Options) -> Result<Outcome, Failure> {
    let mut stand = Stand::start(&[]).await?;
    let mut random = StdRng::seed_from_u64(options.seed);
    let tiers =
        [Tier::Dedicated].into_iter().chain([Tier::Shared, Tier::Schema].into_iter().cycle());
    let onboarding: Vec<_> =
        tiers.take(TENANTS).map(|tier| stand.onboard_as(tier, Words::of(&mut random))).collect();
    let shops = try_join_all(onboarding).await?;
    let mut outcome = Outcome::default();

    let count = options.share(STREAMS, STREAMS_LEAST);
    let rounds = options.share(DISCONNECTS, DISCONNECTS_LEAST).div_ceil(count);
    let events = options.share(EVENTS, EVENTS_LEAST) / rounds / TENANTS;
    let mut tenants: Vec<_> =
        (1..).zip(&shops).map(|(number, shop)| Traffic::of(number, shop)).collect();
    let mut followers = Follower::of(&stand, &shops, count);
    try_join_all(followers.iter_mut().map(Follower::begin)).await?;
    for _ in 0..rounds {
        for traffic in &mut tenants {
            traffic.plan(events, &mut random);
        }
        let sending = try_join_all(tenants.iter().map(|traffic| traffic.send(&stand)));
        let streams = followers.iter_mut().enumerate().map(|(number, follower)| {
            let [reads, stays] =
                [(); 2].map(|()| Duration::from_millis(random.random_range(0..BREAK_WITHIN_MS)));
            let traffic = tenants.get(follower.tenant);
            async move {
                follower.break_off(reads).await?;
                if is_late(number) {
                    return Ok(());
                }
                sleep(stays).await;
                follower.resume(traffic).await
            }
        });
        let following = try_join_all(streams.collect::<Vec<_>>());
        let (sent, followed) = futures::join!(sending, following);
        sent?.into_iter().for_each(|sent| outcome.count("events", sent));
        followed?;
        let late = followers.iter_mut().enumerate().filter(|(number, _)| is_late(*number));
        let resuming = late.map(|(_, follower)| {
            let traffic = tenants.get(follower.tenant);
            follower.resume(traffic)
        });
        try_join_all(resuming.collect::<Vec<_>>()).await?;
    }
    follow_others(&mut followers, &tenants).await?;
    outcome.count("streams", followers.len());
    followers.into_iter().for_each(|follower| follower.add_to(&mut outcome));
    awaits::run(&stand, &tenants, options, &mut random, &mut outcome).await?;

    let words: Vec<_> = shops.iter().flat_map(|shop| shop.words.contents()).collect();
    stand.check(&words, &mut outcome).await?;
    Ok(outcome)
}

/// Whether a stream stays away until all events of a round are sent: half of those of each kind.
fn is_late(number: usize) -> bool {
    (number / TENANTS + number) % 2 == 1
}

/// Lets each stream resume where one of another tenant is.
async fn follow_others(
    followers: &mut [Follower<'_>],
    tenants: &[Traffic<'_>],
) -> Result<(), Failure> {
    let mut places: Vec<_> = followers.iter().map(Follower::place).collect();
    // The neighbour's stream is one of the next tenant.
    places.rotate_left(1);
    let following = followers.iter_mut().zip(places).map(|(follower, place)| {
        let traffic = tenants.get(follower.tenant);
        follower.resume_at(place, traffic)
    });
    try_join_all(following.collect::<Vec<_>>()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_streams_of_a_tenant_are_late() {
        for tenant in 0..TENANTS {
            let streams = (tenant..STREAMS).step_by(TENANTS);
            let late = streams.filter(|number| is_late(*number)).count();
            assert!([12, 13].contains(&late), "{late}");
        }
    }
}
