//! Private platforms whose services are measured as single processes.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

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

/// A denominator's server, as another process.
pub(crate) struct Denominator {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Denominator {
    /// Starts this program again, as a server, and waits until it answers.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) async fn start(kind: &str) -> Result<Self, Failure> {
        Self::start_with(kind, &[]).await
    }

    /// Starts this program again, as a server with options of its own.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) async fn start_with(kind: &str, options: &[&str]) -> Result<Self, Failure> {
        let bind = free_address();
        let program = std::env::current_exe()?;
        let arguments = [&["serve", kind, &bind], options].concat();
        Self::run(&program, &arguments, &BTreeMap::new(), bind.parse()?).await
    }

    /// Starts a program that listens on `address`, and waits until it answers.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) async fn run(
        program: &Path,
        arguments: &[&str],
        settings: &BTreeMap<String, String>,
        address: SocketAddr,
    ) -> Result<Self, Failure> {
        let log = std::env::temp_dir().join(format!("bench-{}.log", address.port()));
        let process = Process::start(program, arguments, settings, &log);
        eventually("the server answers", async || {
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
