//! Rebalances: members join, leave, die and share a name, every few seconds, under load.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, seq::IteratorRandom};
use testkit::Preparation;
use tokio::time::{Instant, sleep};

use super::{Outcome, Piece};
use crate::{Failure, load::Traffic, stand::Stand};

/// The longest time that a partition may make no progress.
const MAX_DELAY: TimeDelta = TimeDelta::seconds(60);
/// The most members.
const MEMBERS: usize = 4;
const POLL_INTERVAL: Duration = Duration::from_millis(200);

pub(super) async fn run(piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    let mut members = vec![member(0)];
    stand.start_processor(&member(0), []);
    let load = stand.load(Traffic::default(), piece.seed());
    let began = Utc::now();
    let mut delay = TimeDelta::zero();
    let mut next = 1;
    for _ in 0..piece.tries {
        let pause = Duration::from_millis(random.random_range(2_000..5_000));
        measure_delay(&mut stand, began, &mut delay, pause).await?;
        let one = (0..members.len()).choose(&mut random).filter(|_| members.len() > 1);
        match (random.random_range(0..4), one) {
            (0, Some(one)) => stand.kill(&members.swap_remove(one))?,
            (1, Some(one)) => stand.stop(&members.swap_remove(one)).await?,
            (2, Some(one)) => {
                // The group removes the first member of this name; here it is also killed.
                let Some(name) = members.get(one) else { continue };
                let twin = stand.detach(name)?;
                stand.start_processor(name, []);
                sleep(Duration::from_secs(1)).await;
                drop(twin);
            }
            _ if members.len() < MEMBERS => {
                members.push(member(next));
                stand.start_processor(&member(next), []);
                next += 1;
            }
            _ => stand.kill(&members.swap_remove(0))?,
        }
    }
    if members.is_empty() {
        stand.start_processor(&member(next), []);
    }
    load.stop().await?;
    let mut outcome = Outcome::from(stand.verdict().await?);
    let seconds = delay.as_seconds_f64();
    outcome.figures =
        BTreeMap::from([("longest time without progress of a partition, s".to_owned(), seconds)]);
    if delay > MAX_DELAY {
        return Err(format!("a partition made no progress for {seconds:.0} s").into());
    }
    Ok(outcome)
}

fn member(number: u32) -> String {
    format!("member-{number}")
}

/// Measures for `pause` how far the slowest partition is behind.
async fn measure_delay(
    stand: &mut Stand,
    began: DateTime<Utc>,
    delay: &mut TimeDelta,
    pause: Duration,
) -> Result<(), Failure> {
    let until = Instant::now() + pause;
    while Instant::now() < until {
        let as_of = stand.stores.as_of().await?.unwrap_or(began);
        *delay = (*delay).max(Utc::now() - as_of.max(began));
        sleep(POLL_INTERVAL).await;
    }
    stand.check_all_running()
}
