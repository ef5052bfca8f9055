//! Random operations of several tenants' credentials, and a model of what each may see.

mod model;
mod sequence;

use futures::{StreamExt, future::try_join_all, stream};
use rand::{SeedableRng, rngs::StdRng};
use testkit::Tier;

use crate::{
    Failure,
    figures::Outcome,
    options::Options,
    stand::{Stand, Words},
};

use sequence::Sequence;

/// Sequences of a full run, and of the smallest slice.
const SEQUENCES: usize = 10_000;
const LEAST: usize = 100;
/// Sequences at the same time.
const AT_ONCE: usize = 8;

/// Runs the sequences, each with things of its own, on the same tenants.
///
/// # Errors
/// The platform cannot be prepared, or does not answer.
pub(crate) async fn run(options: &Options) -> Result<Outcome, Failure> {
    let mut stand = Stand::start(&[]).await?;
    let mut random = StdRng::seed_from_u64(options.seed);
    let onboarding = Tier::ALL.map(|tier| stand.onboard_as(tier, Words::of(&mut random)));
    let shops = try_join_all(onboarding).await?;
    let mut outcome = Outcome::default();
    let mut running = stream::iter(0..options.share(SEQUENCES, LEAST))
        .map(|number| Sequence::new(&stand, &shops, options.seed, number).run())
        .buffer_unordered(AT_ONCE);
    while let Some(done) = running.next().await {
        let done = done?;
        outcome.count("sequences", 1);
        outcome.count("operations", done.operations);
        outcome.count("things seen", done.seen);
        outcome.count("things hidden", done.hidden);
        done.findings.into_iter().for_each(|finding| outcome.find(finding));
    }
    drop(running);
    let words: Vec<_> = shops.iter().flat_map(|shop| shop.words.contents()).collect();
    stand.check(&words, &mut outcome).await?;
    Ok(outcome)
}
