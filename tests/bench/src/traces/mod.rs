//! Tracing: the collector and the store sink with traces of no request, of 1 % of them, and of all.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use chrono::Utc;
use clap::Args;
use telemetry::Counter;
use testkit::{Platform, TraceReceiver};

use crate::{
    Failure,
    load::{Load, Outcome, Target, post},
    measure::{Role, Rounds, Table, progress},
    options::Common,
    platform::{address, with_collector},
    shops::{Requests, Retailers, Shop, Sizes},
    store::{Stored, Waiting, onboarded_with},
};

/// Measure what tracing costs the collector and the store sink
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    load: Load,
    /// Events that wait in Kafka before the store sink starts
    #[arg(long, value_name = "N", default_value_t = 300_000, value_parser = clap::value_parser!(u32).range(1_000..=20_000_000))]
    events: u32,
    /// Partitions of the log
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=64))]
    partitions: u16,
    /// Tenants, in all tiers
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=50))]
    tenants: u32,
}

/// Events of a request whose records wait for the store sink: each batch of it has records of many requests.
const REQUEST: usize = 20;

/// Different requests of each tenant to the collector, of one event each, which are sent in turn.
const SINGLES: u32 = 3_000;

pub(crate) static TABLE: Table<17> = Table {
    name: "traces",
    columns: [
        "collector, requests/s",
        "collector at 1 %, requests/s",
        "collector at 100 %, requests/s",
        "collector at 1 %, ratio",
        "collector at 100 %, ratio",
        "collector, CPU µs/request",
        "collector at 1 %, CPU ratio",
        "collector at 100 %, CPU ratio",
        "collector at 100 %, spans dropped a request",
        "store sink, rows/s",
        "store sink at 1 %, rows/s",
        "store sink at 100 %, rows/s",
        "store sink at 1 %, ratio",
        "store sink at 100 %, ratio",
        "processor, CPU µs/row",
        "processor at 1 %, CPU ratio",
        "processor at 100 %, CPU ratio",
    ],
};

/// Which requests are recorded.
#[derive(Clone, Copy, Debug)]
struct Tracing {
    /// The setting `telemetry.traces.ratio`.
    ratio: &'static str,
    /// Of so many requests, one; 0: none.
    one_of: u64,
}

const TRACING: [Tracing; 3] = [
    Tracing { ratio: "0", one_of: 0 },
    Tracing { ratio: "0.01", one_of: 100 },
    Tracing { ratio: "1", one_of: 1 },
];

/// What collector and store sink achieved.
struct Measured {
    collector: Outcome,
    /// Spans that the collector dropped, for each event that it received.
    dropped: f64,
    store: Stored,
}

/// Measures every program in each round, with each tracing. Another one is first in each round, since the machine's
/// speed varies.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let Options { common, load, events, partitions, tenants } = &options;
    let Load { seconds, connections } = load;
    let receiver = TraceReceiver::discarding();
    let stated = format!(
        "{connections} connections, {seconds} s, one event a request; {events} events, {REQUEST} a request, \
         {partitions} partitions; {tenants} tenants, {}",
        Sizes::default()
    );
    let mut rounds = Rounds::new(&TABLE, common, stated);
    for round in 0..common.rounds {
        for (index, program) in common.order(round) {
            let mut measured = [None, None, None];
            let mut order: Vec<_> = TRACING.iter().zip(&mut measured).collect();
            order.rotate_left(round as usize % TRACING.len());
            for (tracing, place) in order {
                let ratio = tracing.ratio;
                progress(&format!("round {}: {}, ratio {ratio}", round + 1, program.display()));
                *place = Some(measure(&options, program, &receiver, *tracing).await?);
            }
            let [Some(off), Some(few), Some(all)] = measured else { continue };
            rounds.add(index, figures(&off, &few, &all));
        }
    }
    rounds.finish()
}

async fn measure(
    options: &Options,
    program: &Path,
    receiver: &TraceReceiver,
    tracing: Tracing,
) -> Result<Measured, Failure> {
    let Options { common, load, events, partitions, tenants } = options;
    let settings = tracing.settings(receiver);
    let (platform, retailers) = onboarded_with(program, *partitions, *tenants, settings).await;
    let requests = Requests { events: REQUEST, one_recorded_of: tracing.one_of };
    let sizes = Sizes::default();
    let waiting = Waiting::of_requests(platform, &retailers, *events, sizes, requests).await?;
    let store = waiting.store(common).await?;
    let mut process = with_collector(&waiting.platform).await;
    let address = address(&waiting.platform.collector("/"))?;
    let requests = singles(address, &retailers);
    let target = Target { address, requests: &requests, status: 202, process: process.id() };
    let collector = load.profiled(target, common, "collector-traces").await?;
    let dropped = dropped(&waiting.platform).await?;
    process.kill();
    waiting.remove().await?;
    Ok(Measured { collector, dropped, store })
}

impl Tracing {
    /// Returns the settings of a platform. Without an endpoint nothing is recorded.
    fn settings(self, receiver: &TraceReceiver) -> BTreeMap<String, String> {
        let endpoint = if self.one_of > 0 { receiver.endpoint() } else { String::new() };
        BTreeMap::from([
            ("FOOTFALL__TELEMETRY__TRACES__ENDPOINT".to_owned(), endpoint),
            ("FOOTFALL__TELEMETRY__TRACES__RATIO".to_owned(), self.ratio.to_owned()),
        ])
    }
}

/// Returns requests of one event, of all tenants by turns.
fn singles(address: SocketAddr, retailers: &Retailers) -> Vec<Vec<u8>> {
    let now = Utc::now();
    let shops = (1..).zip(retailers.tenants());
    let mut shops: Vec<_> =
        shops.map(|(seed, tenant)| (Shop::new(seed, Sizes::default()), tenant)).collect();
    let mut requests = Vec::new();
    for _ in 0..SINGLES {
        for (shop, tenant) in &mut shops {
            let key = Some(tenant.collect_key.as_str());
            let event = shop.event(now);
            let kind = "application/json";
            requests.push(post(address, "/v1/events", key, kind, event.as_bytes()));
        }
    }
    requests
}

/// Returns how many spans the collector has dropped for each event that it has received.
async fn dropped(platform: &Platform) -> Result<f64, Failure> {
    let response = platform.client().get(platform.metrics()).send().await?;
    let metrics = response.error_for_status()?.text().await?;
    Ok(sum(&metrics, Counter::SpansDropped) / sum(&metrics, Counter::EventsReceived))
}

/// Returns the sum of a counter's series.
fn sum(metrics: &str, counter: Counter) -> f64 {
    let series = metrics.lines().filter(|line| line.starts_with(counter.name()));
    series.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
}

fn figures(off: &Measured, few: &Measured, all: &Measured) -> [f64; 17] {
    let rate = |measured: &Measured| measured.collector.rate();
    let micros = |measured: &Measured| measured.collector.micros(Role::Measured);
    let rows = |measured: &Measured| measured.store.rate;
    let micros_per_row = |measured: &Measured| measured.store.micros(Role::Measured);
    [
        rate(off),
        rate(few),
        rate(all),
        rate(few) / rate(off),
        rate(all) / rate(off),
        micros(off),
        micros(few) / micros(off),
        micros(all) / micros(off),
        all.dropped,
        rows(off),
        rows(few),
        rows(all),
        rows(few) / rows(off),
        rows(all) / rows(off),
        micros_per_row(off),
        micros_per_row(few) / micros_per_row(off),
        micros_per_row(all) / micros_per_row(off),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_the_sum_of_its_series() {
        let name = Counter::SpansDropped.name();
        let metrics = format!(
            "# TYPE {name} counter\n{name}{{reason=\"queue_full\"}} 2\n{name}{{reason=\"export_failed\"}} 3\nother 4\n"
        );
        assert_eq!(sum(&metrics, Counter::SpansDropped).to_string(), "5");
    }
}
