//! Every route with ids of others, and ids of others wherever a request has room for them.

mod ground;
mod leaks;
mod plan;
mod probe;
mod ways;

use futures::{StreamExt, stream};

use crate::{Failure, figures::Outcome, options::Options, report::print_line, routes::routes};

use ground::Ground;
use plan::plan;

/// Requests at the same time: as many as keep two cores busy.
const AT_ONCE: usize = 8;
/// The probes of the smallest slice.
const LEAST: usize = 2_000;
/// The fewest requests of a full run.
const FULL: usize = 50_000;

/// Sends the probes, and checks afterwards that nothing of the other tenants has changed.
///
/// # Errors
/// A route has no rule for its ids, or the platform does not answer.
pub(crate) async fn run(options: &Options) -> Result<Outcome, Failure> {
    let routes = routes()?;
    let mut ground = Ground::prepare(options).await?;
    let mut outcome = Outcome::default();
    outcome.count("routes", routes.len());
    let before = ground.belongings().await?;
    let probes = plan(&routes, &ground.attackers, &ground.victims, options.seed);
    let wanted = options.share(probes.len(), LEAST);
    let (last, first): (Vec<_>, Vec<_>) =
        probes.into_iter().take(wanted).partition(|probe| probe.is_last());
    print_line(&format!("probes: {wanted} ways to ask {} routes …", routes.len()));
    for some in [first, last] {
        let mut running =
            stream::iter(some).map(|probe| probe.run(&ground)).buffer_unordered(AT_ONCE);
        while let Some(tried) = running.next().await {
            tried.add_to(&mut outcome);
        }
    }
    ground.check_suspended(&routes, &mut outcome).await?;
    let after = ground.belongings().await?;
    for (before, after) in before.iter().zip(&after) {
        outcome.check(before == after, || format!("changed: {before} to {after}"));
    }
    outcome.count("lists unchanged", after.len());
    ground.check_own_words(&mut outcome);
    if options.size == 100 {
        let sent = outcome.figure("requests");
        outcome.check(sent >= FULL, || format!("only {sent} requests of {FULL}"));
    }
    let words = ground.unlogged();
    ground.stand.check(&words, &mut outcome).await?;
    Ok(outcome)
}
