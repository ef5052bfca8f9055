//! `footfall import` against the collector's limit for requests of the same size.

mod history;

use std::{net::SocketAddr, path::Path};

use chrono::Utc;
use clap::Args;
use stream::delete_topics;
use testkit::{Platform, Preparation, Process, Tenant};

use self::history::History;
use crate::{
    Failure,
    load::{Load, Target, post},
    measure::{Role, Rounds, Table, progress},
    options::Common,
    platform::{address, prepared, with_api, with_collector},
    shops::{Retailers, Shop, Sizes},
    store::remove_rows,
};

/// Measure `footfall import`: events per second against the collector's limit
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Events in the file
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1_000..=20_000_000))]
    events: u32,
    /// How long the collector's limit is measured, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

/// Events of one request: as many as `footfall import` sends, which is the most.
const BATCH: usize = 1_000;

/// Different requests, which are sent in turn.
const REQUESTS: usize = 100;

/// Connections of the load generator: enough for the limit, and few enough that Kafka acknowledges
/// every request in time.
const CONNECTIONS: u16 = 16;

pub(crate) static TABLE: Table<8> = Table {
    name: "import",
    columns: [
        "import, events/s",
        "collector's limit, events/s",
        "events/s, ratio to the collector's limit",
        "import, CPU µs/event",
        "collector under the import, CPU µs/event",
        "collector at its limit, CPU µs/event",
        "Kafka under the import, CPU µs/event",
        "client at the collector's limit, CPU µs/event",
    ],
};

/// A build's collector, a file to import, and requests with events of the same tenant.
struct Measured {
    platform: Platform,
    process: Process,
    retailers: Retailers,
    tenant: Tenant,
    address: SocketAddr,
    history: History,
    requests: Vec<Vec<u8>>,
}

/// Measures every program and the collector's limit in each round.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let Options { common, events, seconds } = &options;
    let mut all = Vec::new();
    for program in common.programs() {
        all.push(Measured::start(program, *events).await?);
    }
    let stated = format!(
        "{events} events; {CONNECTIONS} connections, {seconds} s, {BATCH} events a request; {}",
        Sizes::default()
    );
    let mut rounds = Rounds::new(&TABLE, common, stated);
    for round in 0..common.rounds {
        for (index, program) in common.order(round) {
            let Some(measured) = all.get(index) else { continue };
            progress(&format!("round {}: {}", round + 1, program.display()));
            rounds.add(index, measured.round(&options).await?);
        }
    }
    for Measured { platform, mut process, retailers, .. } in all {
        process.kill();
        remove_rows(&retailers.destinations()?).await?;
        delete_topics(&platform.log()).await?;
    }
    rounds.finish()
}

impl Measured {
    async fn start(program: &Path, events: u32) -> Result<Self, Failure> {
        let program = Some(program.to_owned());
        let platform = prepared(Preparation { program, ..Preparation::default() }).await;
        let retailers = {
            let _api = with_api(&platform).await;
            Retailers::onboard(&platform, 1).await
        };
        let tenant = retailers.first()?.clone();
        let process = with_collector(&platform).await;
        let address = address(&platform.collector("/"))?;
        let history = History::write(&platform, events)?;
        let requests = requests(address, &tenant);
        Ok(Self { platform, process, retailers, tenant, address, history, requests })
    }

    async fn round(&self, options: &Options) -> Result<[f64; 8], Failure> {
        let Self { platform, process, tenant, address, history, requests, .. } = self;
        let load = Load { seconds: options.seconds, connections: CONNECTIONS };
        let target = Target { address: *address, requests, status: 202, process: process.id() };
        let limit = load.saturate(target).await?;
        let imported = history.import(&options.common, platform, tenant, process.id()).await?;
        let events = BATCH as f64;
        Ok([
            imported.rate,
            limit.rate() * events,
            imported.rate / (limit.rate() * events),
            imported.micros(Role::Ended),
            imported.micros(Role::Measured),
            limit.micros(Role::Measured) / events,
            imported.micros(Role::Kafka),
            limit.micros(Role::Client) / events,
        ])
    }
}

/// Returns requests with the key of an import, as the command sends them.
fn requests(address: SocketAddr, tenant: &Tenant) -> Vec<Vec<u8>> {
    let mut shop = Shop::new(2, Sizes::default());
    let key = Some(tenant.import_key.as_str());
    let mut requests = Vec::new();
    for _ in 0..REQUESTS {
        let lines = shop.lines(BATCH, Utc::now());
        requests.push(post(address, "/v1/events", key, "application/x-ndjson", lines.as_bytes()));
    }
    requests
}
