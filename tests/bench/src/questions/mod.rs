//! Uncached questions about months of events: a campaign's series, a query, a funnel and an export, each
//! against the least that ClickHouse has to do for it; and the same questions to Cube.

pub(crate) mod cube;
pub(crate) mod export;
pub(crate) mod funnel;
pub(crate) mod series;
mod stand;
pub(crate) mod two_dimensions;

use std::path::PathBuf;

use clap::Args;
use stream::delete_topics;

use self::{export::Format, stand::Stand};
use crate::{
    Failure,
    load::Load,
    measure::{Rounds, progress},
    options::Common,
    shops::{History, Sizes, shared, tenant_ids},
    store::remove_rows,
};

/// Measure uncached questions: a campaign's series, a query, a funnel, an export
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Events in the tables: half of them of one tenant, a twentieth of another
    #[arg(long, value_name = "N", default_value_t = 20_000_000, value_parser = clap::value_parser!(u32).range(100_000..=1_000_000_000))]
    events: u32,
    /// Tenants in the shared tables
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..=5_000))]
    tenants: u32,
    /// Campaigns of each tenant
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    campaigns: u16,
    /// What the events are made from: the same seed makes the same events
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How long each load lasts, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// The form of the exported file; may be repeated
    #[arg(long = "format", value_name = "FORMAT", value_enum, default_value = "parquet")]
    formats: Vec<Format>,
    /// The packages of Cube, which `infra/local/cube.sh` installs; it is not measured when left out
    #[arg(long, value_name = "FOLDER", value_parser = cube::folder)]
    cube: Option<PathBuf>,
}

impl Options {
    /// Returns a load of so many clients.
    fn load(&self, clients: u16) -> Load {
        Load { seconds: self.seconds, connections: clients }
    }
}

/// Measures every program and the denominators in each round.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let Options { common, events, tenants, campaigns, seed, seconds, .. } = &options;
    let ids = tenant_ids(*tenants);
    let sizes = Sizes { campaigns: usize::from(*campaigns), ..Sizes::default() };
    let mut stands = Vec::new();
    for program in common.programs() {
        stands.push(Stand::prepare(program, &ids, sizes.campaigns).await?);
    }
    if options.cube.is_none() {
        progress("without --cube, Cube is not measured: infra/local/cube.sh installs it");
    }
    progress(&format!("filling the tables with {events} events"));
    let history = &History::fill(&ids, *events, sizes, *seed).await?;
    let filled =
        format!("{events} events of {tenants} tenants, {campaigns} campaigns each, 90 days");
    let stated = format!("{filled}; {seconds} s");
    let mut series_rounds = Rounds::new(&series::TABLE, common, stated.clone());
    let mut query_rounds = Rounds::new(&two_dimensions::TABLE, common, stated.clone());
    let mut funnel_rounds = Rounds::new(&funnel::TABLE, common, stated.clone());
    let packages = options.cube.as_deref();
    let mut cube_rounds =
        packages.map(|packages| (packages, Rounds::new(&cube::TABLE, common, stated)));
    let exports = options.formats.iter().map(|format| {
        let stated = format!("{filled}; {}", format.name());
        (*format, Rounds::new(&export::TABLE, common, stated))
    });
    let mut exports: Vec<_> = exports.collect();
    for round in 0..common.rounds {
        for (index, program) in common.order(round) {
            let Some(stand) = stands.get(index) else { continue };
            progress(&format!("round {}: {}", round + 1, program.display()));
            series_rounds.add(index, series::measure(stand, history, &options).await?);
            query_rounds.add(index, two_dimensions::measure(stand, history, &options).await?);
            funnel_rounds.add(index, funnel::measure(stand, history, &options).await?);
            if let Some((packages, rounds)) = &mut cube_rounds {
                rounds.add(index, cube::measure(stand, history, &options, packages, round).await?);
            }
            for (format, export_rounds) in &mut exports {
                export_rounds.add(index, export::measure(stand, history, *format).await?);
            }
        }
    }
    remove_rows(&[(shared()?, ids)]).await?;
    for stand in &stands {
        delete_topics(&stand.platform.log()).await?;
    }
    series_rounds.finish()?;
    query_rounds.finish()?;
    funnel_rounds.finish()?;
    if let Some((_, rounds)) = cube_rounds {
        rounds.finish()?;
    }
    exports.into_iter().try_for_each(|(_, export_rounds)| export_rounds.finish())
}
