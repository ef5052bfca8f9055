//! T4: members join, leave, die and share a name, every few seconds, under load.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, seq::IteratorRandom};
use testkit::Preparation;
use tokio::time::{Instant, sleep};

use super::{Outcome, Piece};
use crate::{Failure, load::Traffic, stand::Stand};

/// No partition may stand still for longer.
const IDLE: TimeDelta = TimeDelta::seconds(60);
/// Members at most.
const MEMBERS: usize = 4;
const AGAIN: Duration = Duration::from_millis(200);

pub(super) async fn run(piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    let mut members = vec![member(0)];
    stand.start_processor(&member(0), []);
    let load = stand.load(Traffic::default(), piece.seed());
    let began = Utc::now();
    let (mut idle, mut next) = (TimeDelta::zero(), 1);
    for _ in 0..piece.tries {
        let pause = Duration::from_millis(random.random_range(2_000..5_000));
        watch(&mut stand, began, &mut idle, pause).await?;
        let one = (0..members.len()).choose(&mut random).filter(|_| members.len() > 1);
        match (random.random_range(0..4), one) {
            (0, Some(one)) => stand.kill(&members.swap_remove(one))?,
            (1, Some(one)) => stand.leave(&members.swap_remove(one)).await?,
            (2, Some(one)) => {
                // The one that had the name first is told to go by the group; here it dies.
                let Some(name) = members.get(one) else { continue };
                let twin = stand.take_aside(name)?;
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
    let seconds = idle.as_seconds_f64();
    outcome.figures = BTreeMap::from([("longest idle partition, s".to_owned(), seconds)]);
    if idle > IDLE {
        return Err(format!("a partition stood still for {seconds:.0} s").into());
    }
    Ok(outcome)
}

fn member(number: u32) -> String {
    format!("member-{number}")
}

/// Looks how far behind the slowest partition is, for a while.
async fn watch(
    stand: &mut Stand,
    began: DateTime<Utc>,
    idle: &mut TimeDelta,
    pause: Duration,
) -> Result<(), Failure> {
    let until = Instant::now() + pause;
    while Instant::now() < until {
        let as_of = stand.stores.as_of().await?.unwrap_or(began);
        *idle = (*idle).max(Utc::now() - as_of.max(began));
        sleep(AGAIN).await;
    }
    stand.all_running()
}
