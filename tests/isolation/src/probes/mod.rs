//! Every route with ids of others, and ids of others wherever a request has room for them.

mod ground;
mod leaks;
mod plan;
mod probe;
mod ways;

use futures::{StreamExt, stream};

use crate::{
    Failure,
    figures::Outcome,
    options::Options,
    report::print_line,
    routes::{Route, routes},
    stand::Life,
};

use ground::Ground;
use plan::plan;
use probe::Probe;

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
    let planned = parts(&routes, &ground, options);
    let ways: usize = planned.iter().map(Vec::len).sum();
    print_line(&format!("probes: {ways} ways to ask {} routes …", routes.len()));
    let is_full = options.size == 100;
    // Tenants are moved and erased during the first half; in a full run, that has ended before the second one.
    let [first, ..] = planned;
    run_all(first, &ground, &mut outcome).await;
    // A token that has expired is refused whatever is asked.
    ground.renew().await?;
    if is_full {
        ground.wait_until_moved_and_erased().await?;
    }
    let [_, second, last] = parts(&routes, &ground, options);
    run_all(second, &ground, &mut outcome).await;
    run_all(last, &ground, &mut outcome).await;
    ground.check_closed(Life::Suspended, &routes, &mut outcome).await?;
    if is_full {
        ground.check_closed(Life::Offboarded, &routes, &mut outcome).await?;
    }
    ground.check_moves(&mut outcome).await;
    let after = ground.belongings().await?;
    for (before, after) in before.iter().zip(&after) {
        outcome.check(before == after, || format!("changed: {before} to {after}"));
    }
    outcome.count("lists unchanged", after.len());
    ground.check_own_words(&mut outcome);
    if is_full {
        let sent = outcome.figure("requests");
        outcome.check(sent >= FULL, || format!("only {sent} requests of {FULL}"));
    }
    let words = ground.unlogged();
    ground.stand.check(&words, &mut outcome).await?;
    Ok(outcome)
}

/// Returns both halves of the probes, and those that come after all others: the same ones at each call, but with the
/// tokens that the tenants have.
fn parts<'a>(routes: &'a [Route], ground: &'a Ground, options: &Options) -> [Vec<Probe<'a>>; 3] {
    let probes = plan(routes, &ground.attackers, &ground.victims, options.seed);
    let wanted = options.share(probes.len(), LEAST);
    let (last, mut first): (Vec<_>, Vec<_>) =
        probes.into_iter().take(wanted).partition(|probe| probe.is_last());
    let second = first.split_off(first.len() / 2);
    [first, second, last]
}

async fn run_all(probes: Vec<Probe<'_>>, ground: &Ground, outcome: &mut Outcome) {
    let mut running = stream::iter(probes).map(|probe| probe.run(ground)).buffer_unordered(AT_ONCE);
    while let Some(tried) = running.next().await {
        tried.add_to(outcome);
    }
}
