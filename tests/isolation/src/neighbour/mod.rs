//! A tenant that takes all it can get, and its neighbours, who must not notice.

mod hostile;
mod others;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures::future::join_all;
use rand::{SeedableRng, rngs::StdRng};
use testkit::Tier;

use crate::{Failure, figures::Outcome, options::Options, stand::Stand};

use hostile::Hostile;
use others::{are_counted, live_on};

/// Lets one tenant exceed every limit, each by one credential, while two others send and read.
///
/// # Errors
/// The platform cannot be prepared.
pub(crate) async fn run(options: &Options) -> Result<Outcome, Failure> {
    let mut stand = Stand::start(&[]).await?;
    let mut random = StdRng::seed_from_u64(options.seed);
    let hostile = stand.onboard(Tier::Shared, &mut random).await?;
    let others = [
        stand.onboard(Tier::Shared, &mut random).await?,
        stand.onboard(Tier::Schema, &mut random).await?,
    ];
    let is_over = AtomicBool::new(false);
    let attack = async {
        let done = Hostile { stand: &stand, shop: &hostile, options }.run().await;
        is_over.store(true, Ordering::Relaxed);
        done
    };
    let living = join_all(others.iter().map(|shop| live_on(&stand, shop, &is_over)));
    let (attacked, lives) = futures::join!(attack, living);
    let mut outcome = attacked?;
    let mut longest = Duration::ZERO;
    for (shop, life) in others.iter().zip(lives) {
        outcome.count("requests of others", life.requests);
        longest = longest.max(life.longest);
        life.findings.into_iter().for_each(|finding| outcome.find(finding));
        let is_counted = are_counted(&stand, shop, life.sent).await;
        outcome.check(is_counted, || format!("events of {:?} are not counted", shop.tier));
    }
    outcome.count("ms of the longest wait of others", usize::try_from(longest.as_millis())?);
    let shops = others.iter().chain([&hostile]);
    let words: Vec<_> = shops.flat_map(|shop| shop.words.contents()).collect();
    stand.check(&words, &mut outcome).await?;
    Ok(outcome)
}
