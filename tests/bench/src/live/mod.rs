//! Live streams: memory of a stream, cost and time of an update to all, event to frame.

mod fan_out;
mod public_hub;
mod server;
mod streams;

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;
use stream::delete_topics;
use testkit::{Platform, Preparation, Tenant, eventually};

use self::{
    fan_out::Publisher,
    server::{Served, Server},
    streams::{Streams, raise_file_limit},
};
use crate::{
    Failure,
    freshness::{Background, Load, WatchedCampaign},
    load::get,
    measure::{Rounds, Table, progress},
    options::Common,
    platform::{Denominator, address, prepared, with_api, with_collector},
    shops::Retailers,
    store::remove_rows,
};

/// Measure live streams: memory, fan-out, event to frame
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Open streams, if the system allows as many open files
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=60_000))]
    streams: u32,
    /// Campaigns of each of three tenants, over which the streams spread
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=200))]
    campaigns: u32,
    /// Updates to all streams in each round
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    updates: u32,
    /// Open streams while the time from event to frame is measured
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(0..=60_000))]
    watching: u32,
    /// Events a second meanwhile
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Marked events in each round, on each of two campaigns
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    tries: u32,
    /// Centrifugo, which `infra/local/hub.sh` builds; its figures are dashes when left out
    #[arg(long, value_name = "PATH", value_parser = public_hub::program)]
    hub: Option<PathBuf>,
}

pub(crate) static TABLE: Table<22> = Table {
    name: "live",
    columns: [
        "streams open",
        "api, memory KiB/stream",
        "actix streaming, memory KiB/stream",
        "bare hub, memory KiB/stream",
        "Centrifugo, memory KiB/stream",
        "memory, ratio to the bare hub",
        "memory, ratio to Centrifugo",
        "one update to all, api CPU ms",
        "one update to all, actix streaming CPU ms",
        "one update to all, bare hub CPU ms",
        "one update to all, Centrifugo CPU ms",
        "CPU of an update, ratio to the bare hub",
        "CPU of an update, ratio to Centrifugo",
        "first to last frame, api ms",
        "first to last frame, actix streaming ms",
        "first to last frame, bare hub ms",
        "first to last frame, Centrifugo ms",
        "event to last frame, api ms",
        "api without updates, cores",
        "quiet campaign, event to frame p95 ms",
        "busy campaign, event to frame p50 ms",
        "busy campaign, event to frame p95 ms",
    ],
};

/// The tenants that the streams belong to, one in each tier.
const TENANTS: usize = 3;

/// Measures every program and the denominators in each round, each with new processes.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let Options { common, streams, campaigns, watching, rate, .. } = &options;
    raise_file_limit();
    let stated = format!(
        "{streams} streams of {} campaigns of {TENANTS} tenants; event to frame under {watching} streams and {rate} events/s",
        campaigns * TENANTS as u32
    );
    if options.hub.is_none() {
        progress("without --hub, Centrifugo is not measured: infra/local/hub.sh builds it");
    }
    let mut rounds = Rounds::new(&TABLE, common, stated);
    for round in 0..common.rounds {
        for (index, program) in common.order(round) {
            progress(&format!("round {}: {}", round + 1, program.display()));
            let ours = api(&options, program).await?;
            let actix = bare(&options, "streaming", ours.frame).await?;
            let hub = bare(&options, "hub", ours.frame).await?;
            let centrifugo = match &options.hub {
                Some(path) => Some(public_hub::measure(&options, path, ours.frame).await?),
                None => None,
            };
            rounds.add(index, figures(&ours, &actix, &hub, centrifugo.as_ref()));
        }
    }
    rounds.finish()
}

fn figures(api: &Served, actix: &Served, hub: &Served, centrifugo: Option<&Served>) -> [f64; 22] {
    let of_centrifugo = |figure: fn(&Served) -> f64| centrifugo.map_or(f64::NAN, figure);
    let memory = of_centrifugo(|one| one.memory);
    let cpu_ms = of_centrifugo(|one| one.update.cpu_ms);
    [
        api.streams as f64,
        api.memory,
        actix.memory,
        hub.memory,
        memory,
        api.memory / hub.memory,
        api.memory / memory,
        api.update.cpu_ms,
        actix.update.cpu_ms,
        hub.update.cpu_ms,
        cpu_ms,
        api.update.cpu_ms / hub.update.cpu_ms,
        api.update.cpu_ms / cpu_ms,
        api.update.spread_ms,
        actix.update.spread_ms,
        hub.update.spread_ms,
        of_centrifugo(|one| one.update.spread_ms),
        api.update.total_ms,
        api.idle_cores,
        api.quiet_p95,
        api.busy_p50,
        api.busy_p95,
    ]
}

async fn api(options: &Options, program: &Path) -> Result<Served, Failure> {
    let program = Some(program.to_owned());
    let platform = prepared(Preparation { program, ..Preparation::default() }).await;
    let api = with_api(&platform).await;
    let retailers = Retailers::onboard(&platform, TENANTS).await;
    let _collector = with_collector(&platform).await;
    let processor = platform.spawn(&["processor"]);
    let tenants: Vec<_> = retailers.tenants().cloned().collect();
    let publisher = Publisher::events(&platform, &tenants, options.campaigns).await?;
    publisher.send().await?;
    let campaigns = fan_out::campaigns(options.campaigns);
    wait_for_campaigns(&platform, &tenants, &campaigns).await;

    let address = address(&platform.api("/"))?;
    let requests: Vec<_> = campaigns
        .iter()
        .flat_map(|campaign| tenants.iter().map(move |tenant| (campaign, tenant)))
        .map(|(campaign, tenant)| {
            get(address, &format!("/v1/campaigns/{campaign}/live"), Some(&tenant.read_key))
        })
        .collect();
    let server = Server {
        address,
        process: &api,
        requests: &requests,
        marker: "event: update",
        publisher: &publisher,
        profile: Some("live-update"),
    };
    let mut served = server.measure(options).await?;
    let first = tenants.first().ok_or("no tenant")?;
    event_to_frame(options, &platform, first, &mut served).await?;
    drop((api, processor));
    remove_rows(&retailers.destinations()?).await?;
    delete_topics(&platform.log()).await?;
    Ok(served)
}

async fn wait_for_campaigns(platform: &Platform, tenants: &[Tenant], campaigns: &[String]) {
    for (tenant, campaign) in
        tenants.iter().flat_map(|one| campaigns.iter().map(move |id| (one, id)))
    {
        eventually("the campaign is listed", async || {
            let answer = platform.get(&tenant.read_key, &format!("/v1/campaigns/{campaign}")).await;
            answer.status.is_success().then_some(())
        })
        .await;
    }
}

async fn bare(options: &Options, kind: &str, frame: usize) -> Result<Served, Failure> {
    let bare = Denominator::start(kind).await?;
    let publisher = Publisher::frames(bare.address, frame);
    let requests = [get(bare.address, "/", None)];
    let server = Server {
        address: bare.address,
        process: &bare.process,
        requests: &requests,
        marker: "event: update",
        publisher: &publisher,
        profile: None,
    };
    server.measure(options).await
}

/// Measures the time from an event's request to a frame, while other streams of both campaigns are
/// open.
async fn event_to_frame(
    options: &Options,
    platform: &Platform,
    tenant: &Tenant,
    served: &mut Served,
) -> Result<(), Failure> {
    let background = Background::start(platform, tenant, options.rate).await?;
    let address = address(&platform.api("/"))?;
    for load in [Load::Quiet, Load::Busy] {
        let mut watched = WatchedCampaign::open(platform, tenant, load).await?;
        let path = format!("/v1/campaigns/{}/live", load.campaign());
        let request = [get(address, &path, Some(&tenant.read_key))];
        let count = options.watching as usize;
        let mut others = Streams::open(address, &request, count, "event: update").await?;
        let freshness = {
            let hidden = ProgressBar::hidden();
            let measuring = watched.measure(options.tries, &hidden);
            tokio::select! {
                freshness = measuring => freshness?,
                failed = others.drain() => return Err(failed),
            }
        };
        match load {
            Load::Quiet => served.quiet_p95 = freshness.streamed.millis(95),
            Load::Busy => {
                served.busy_p50 = freshness.streamed.millis(50);
                served.busy_p95 = freshness.streamed.millis(95);
            }
        }
    }
    background.stop().await.map(drop)
}
