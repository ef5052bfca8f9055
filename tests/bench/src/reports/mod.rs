//! Cached reports: by API key and by access token, against `/healthz` of the same binary.

use std::{net::SocketAddr, path::Path};

use chrono::{DurationRound, SecondsFormat, TimeDelta, Utc};
use clap::Args;
use stream::delete_topics;
use testkit::{Platform, Preparation, Process, Tenant, eventually};

use crate::{
    Failure,
    load::{Load, Target, get},
    measure::{Role, Rounds, Table, progress},
    options::Common,
    platform::{Denominator, address, prepared, with_api, with_collector},
    shops::{Retailers, send},
    store::remove_rows,
};

/// Measure cached reports: requests per second, latency, CPU per request
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    load: Load,
}

pub(crate) static TABLE: Table<17> = Table {
    name: "reports",
    columns: [
        "API key, requests/s",
        "API key, p50 ms",
        "API key, p99 ms",
        "API key, CPU µs/request",
        "access token, requests/s",
        "access token, p50 ms",
        "access token, p99 ms",
        "access token, CPU µs/request",
        "`/healthz`, requests/s",
        "`/healthz`, p99 ms",
        "`/healthz`, CPU µs/request",
        "requests/s by API key, ratio to `/healthz`",
        "requests/s by access token, ratio to `/healthz`",
        "p99 by API key, ratio to `/healthz`",
        "bare actix, requests/s",
        "PostgreSQL, CPU µs/request",
        "size of the answer, bytes",
    ],
};

/// Events that the reported tenant has sent.
const EVENTS: usize = 20_000;

/// A build's api, with the other services that it needs.
struct Measured {
    platform: Platform,
    api: Process,
    others: Vec<Process>,
    retailers: Retailers,
    tenant: Tenant,
    address: SocketAddr,
    path: String,
}

/// Measures every program and the denominators in each round.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let Options { common, load } = &options;
    let Load { seconds, connections } = load;
    let bare = Denominator::start("handlers").await?;
    let mut all = Vec::new();
    for program in common.programs() {
        all.push(Measured::start(program).await?);
    }
    let stated =
        format!("{connections} connections, {seconds} s, 24 hours of one campaign by hour");
    let mut rounds = Rounds::new(&TABLE, common, stated);
    for round in 0..common.rounds {
        for (index, program) in common.order(round) {
            let Some(measured) = all.get(index) else { continue };
            progress(&format!("round {}: {}", round + 1, program.display()));
            rounds.add(index, measured.round(&options, &bare).await?);
        }
    }
    for mut measured in all {
        measured.api.kill();
        measured.others.iter_mut().for_each(Process::kill);
        remove_rows(&measured.retailers.destinations()?).await?;
        delete_topics(&measured.platform.log()).await?;
    }
    rounds.finish()
}

impl Measured {
    async fn start(program: &Path) -> Result<Self, Failure> {
        // The token must outlive the run.
        let settings = [("FOOTFALL__TOKENS__ACCESS_SECONDS".to_owned(), "3600".to_owned())];
        let platform = prepared(Preparation {
            program: Some(program.to_owned()),
            settings: settings.into_iter().collect(),
            ..Preparation::default()
        })
        .await;
        let api = with_api(&platform).await;
        let retailers = Retailers::onboard(&platform, 1).await;
        let tenant = retailers.first()?.clone();
        let others = vec![with_collector(&platform).await, platform.spawn(&["processor"])];
        send(&platform, &tenant, EVENTS).await?;
        let path = path();
        eventually("the report has all events", async || {
            let answer = platform.get(&tenant.read_key, &path).await;
            let impressions = answer.json().pointer("/totals/impressions").and_then(|n| n.as_u64());
            (impressions.unwrap_or_default() as usize > EVENTS / 10).then_some(())
        })
        .await;
        let address = address(&platform.api("/"))?;
        Ok(Self { platform, api, others, retailers, tenant, address, path })
    }

    async fn round(&self, options: &Options, bare: &Denominator) -> Result<[f64; 17], Failure> {
        let Options { common, load } = options;
        let hello = [get(bare.address, "/", None)];
        let health = [get(self.address, "/healthz", None)];
        let by_key = [get(self.address, &self.path, Some(&self.tenant.read_key))];
        let by_token = [get(self.address, &self.path, Some(&self.tenant.owner))];
        let hello = load.saturate(bare.target(&hello, 200)).await?;
        let alive = load.saturate(self.target(&health)).await?;
        let key = load.profiled(self.target(&by_key), common, "reports-key").await?;
        let token = load.profiled(self.target(&by_token), common, "reports-token").await?;
        let size = self.platform.get(&self.tenant.read_key, &self.path).await.text.len();
        Ok([
            key.rate(),
            key.latencies().millis(50),
            key.latencies().millis(99),
            key.micros(Role::Measured),
            token.rate(),
            token.latencies().millis(50),
            token.latencies().millis(99),
            token.micros(Role::Measured),
            alive.rate(),
            alive.latencies().millis(99),
            alive.micros(Role::Measured),
            key.rate() / alive.rate(),
            token.rate() / alive.rate(),
            key.latencies().millis(99) / alive.latencies().millis(99),
            hello.rate(),
            key.micros(Role::Postgres),
            size as f64,
        ])
    }

    fn target<'a>(&self, requests: &'a [Vec<u8>]) -> Target<'a> {
        Target { address: self.address, requests, status: 200, process: self.api.id() }
    }
}

/// Returns the report of one campaign over 24 hours that end in the future, so that it stays the same.
fn path() -> String {
    let hour = TimeDelta::hours(1);
    let to = Utc::now().duration_trunc(hour).unwrap_or_default() + hour;
    let time = |back: TimeDelta| (to - back).to_rfc3339_opts(SecondsFormat::Secs, true);
    let (from, to) = (time(TimeDelta::hours(24)), time(TimeDelta::zero()));
    format!("/v1/campaigns/campaign-0/metrics?granularity=hour&from={from}&to={to}")
}
