//! Private platforms whose services are measured as single processes.

use std::{net::SocketAddr, path::PathBuf};

use reqwest::Url;
use testkit::{Platform, Preparation, Process, eventually, free_address};

use crate::{
    Failure,
    load::{self, Target},
};

/// Creates a migrated platform; no process runs yet.
pub(crate) async fn prepared(preparation: Preparation) -> Platform {
    Platform::prepare_as(preparation).await
}

/// Starts the api and waits until it is ready.
pub(crate) async fn with_api(platform: &Platform) -> Process {
    let api = platform.spawn(&["api"]);
    ready(platform, &platform.api("/readyz")).await;
    api
}

/// Starts the collector and waits until it is ready.
pub(crate) async fn with_collector(platform: &Platform) -> Process {
    let collector = platform.spawn(&["collector"]);
    ready(platform, &platform.collector("/readyz")).await;
    collector
}

/// Starts a collector that reaches no broker, so that it spools its events, and waits until it is
/// ready.
pub(crate) async fn with_spooling_collector(platform: &Platform) -> Process {
    // Nothing listens there.
    let brokers = ("FOOTFALL__KAFKA__BROKERS", free_address());
    let collector = platform.spawn_as("spooling-collector", &["collector"], [brokers]);
    ready(platform, &platform.collector("/readyz")).await;
    collector
}

async fn ready(platform: &Platform, url: &str) {
    eventually("the service is ready", async || {
        let answer = platform.client().get(url).send().await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
}

/// Returns the address of a URL such as `http://127.0.0.1:8080/path`.
///
/// # Errors
/// It has no address and port.
pub(crate) fn address(url: &str) -> Result<SocketAddr, Failure> {
    let url = Url::parse(url)?;
    let addresses = url.socket_addrs(|| None)?;
    Ok(addresses.first().copied().ok_or("no address")?)
}

/// A denominator's server: this program, started again as another process.
pub(crate) struct Bare {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Bare {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) async fn start(kind: &str) -> Result<Self, Failure> {
        let bind = free_address();
        let program: PathBuf = std::env::current_exe()?;
        let log = std::env::temp_dir().join(format!("bench-{kind}-{}.log", std::process::id()));
        let arguments = ["serve", kind, &bind];
        let process = Process::start(&program, &arguments, &Default::default(), &log);
        let address = bind.parse()?;
        eventually("the bare server answers", async || {
            load::Connection::open(address).await.ok().map(drop)
        })
        .await;
        // Its output is not needed once it runs.
        let _ = std::fs::remove_file(log);
        Ok(Self { process, address })
    }

    /// Returns a target for the load generator.
    pub(crate) fn target<'a>(&self, requests: &'a [Vec<u8>], status: u16) -> Target<'a> {
        Target { address: self.address, requests, status, process: self.process.id() }
    }
}
