//! Connections that let a server wait, many of each kind.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures::future::join_all;
use rand::{SeedableRng, rngs::StdRng};
use testkit::Tier;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    time::{Instant, sleep, timeout},
};

use crate::{
    Failure,
    figures::Outcome,
    options::Options,
    stand::{Shop, Stand, Who},
};

/// Connections of each kind in a full run, and in the smallest slice.
const CONNECTIONS: usize = 1_000;
const LEAST: usize = 20;
/// Within this time every connection that does nothing useful is gone.
const GONE: Duration = Duration::from_secs(30);
/// How long a connection without a request is kept, in seconds: less than by default, so that a second head ends in time.
const KEEP_ALIVE: &str = "10";
/// How often readiness is asked, and how long it may take.
const READY_EVERY: Duration = Duration::from_millis(250);
const READY_WITHIN: Duration = Duration::from_secs(5);
const HTTP2: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A way to let a server wait.
struct Kind {
    name: &'static str,
    /// What is sent at once.
    begin: String,
    /// Whether a byte follows every second.
    trickles: bool,
}

/// Opens connections of every kind to both services at the same time, and waits until all are closed.
///
/// # Errors
/// The platform cannot be prepared, or a connection cannot be opened.
pub(crate) async fn run(options: &Options) -> Result<Outcome, Failure> {
    let keep_alive = [
        ("FOOTFALL__API__KEEP_ALIVE_SECONDS", KEEP_ALIVE),
        ("FOOTFALL__COLLECTOR__KEEP_ALIVE_SECONDS", KEEP_ALIVE),
    ];
    let mut stand = Stand::start(&keep_alive).await?;
    let mut random = StdRng::seed_from_u64(options.seed);
    let shop = stand.onboard(Tier::Shared, &mut random).await?;
    let kinds = kinds(&shop);
    let services = [address(&stand.platform.api(""))?, address(&stand.platform.collector(""))?];
    let mut outcome = Outcome::default();
    outcome.count("kinds of slow connection", kinds.len());
    let each = options.share(CONNECTIONS, LEAST);
    let all = kinds.iter().zip(2_u8..).flat_map(|(kind, number)| {
        // An address may have so many connections: each kind has one of its own.
        let source = Ipv4Addr::new(127, 0, 0, number);
        let targets = services.iter().copied().cycle().take(each);
        targets.map(move |target| closed(kind, source, target))
    });
    let is_over = AtomicBool::new(false);
    let slow = async {
        let closed = join_all(all).await;
        is_over.store(true, Ordering::Relaxed);
        closed
    };
    let (closed, ready) = futures::join!(slow, stay_ready(&stand, &is_over));
    let mut slowest = Duration::ZERO;
    for waited in closed {
        outcome.count("connections", 1);
        match waited {
            Ok(waited) => slowest = slowest.max(waited),
            Err(finding) => outcome.find(finding),
        }
    }
    outcome.count("s until the last was gone", usize::try_from(slowest.as_secs())?);
    outcome.count("readiness checks", ready.len());
    ready.into_iter().flatten().for_each(|finding| outcome.find(finding));
    stand.check(&shop.words.contents(), &mut outcome).await?;
    Ok(outcome)
}

fn kinds(shop: &Shop) -> Vec<Kind> {
    let kind = |name, begin: &str, trickles| Kind { name, begin: begin.to_owned(), trickles };
    let key = shop.credential(Who::Collect);
    let post = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: f\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n["
        )
    };
    let second = "GET /healthz HTTP/1.1\r\nHost: f\r\n\r\nGET /healthz HTTP/1.1\r\nHost: ";
    vec![
        kind("no byte", "", false),
        kind("half a method", "GE", false),
        kind("half a head", "GET /healthz HTTP/1.1\r\nHost: ", false),
        kind("a head of a byte a second", "GET /healthz HTTP/1.1\r\nHost: ", true),
        kind("half a second head", second, false),
        kind("events that do not come", &post("/v1/events"), false),
        kind("events of a byte a second", &post("/v1/events"), true),
        kind("a login of a byte a second", &post("/v1/auth/login"), true),
        kind("half a preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\n", false),
        kind("HTTP/2 without a request", HTTP2, false),
    ]
}

fn address(url: &str) -> Result<SocketAddr, Failure> {
    Ok(url.trim_start_matches("http://").parse()?)
}

/// Waits until the server closes a connection. Returns how long that took, or what is wrong.
async fn closed(kind: &Kind, source: Ipv4Addr, target: SocketAddr) -> Result<Duration, String> {
    let name = kind.name;
    wait_for_end(kind, source, target)
        .await
        .map_err(|error| format!("{name}: {error}"))?
        .ok_or_else(|| format!("{name}: open after {GONE:?}, at {target}"))
}

async fn wait_for_end(
    kind: &Kind,
    source: Ipv4Addr,
    target: SocketAddr,
) -> std::io::Result<Option<Duration>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((source, 0)))?;
    let mut client = socket.connect(target).await?;
    let began = Instant::now();
    // The server may have closed it already, which is what is waited for.
    client.write_all(kind.begin.as_bytes()).await.unwrap_or_default();
    let mut buffer = [0; 4_096];
    while began.elapsed() < GONE {
        match timeout(Duration::from_secs(1), client.read(&mut buffer)).await {
            // An end, or a reset.
            Ok(Ok(0) | Err(_)) => return Ok(Some(began.elapsed())),
            Ok(Ok(_)) => {}
            Err(_) if kind.trickles => client.write_all(b" ").await.unwrap_or_default(),
            Err(_) => {}
        }
    }
    Ok(None)
}

/// Asks both services for readiness until it is over. Returns what is wrong with each answer, if anything is.
async fn stay_ready(stand: &Stand, is_over: &AtomicBool) -> Vec<Option<String>> {
    let mut asked = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        for url in [stand.platform.api("/readyz"), stand.platform.collector("/readyz")] {
            let request = stand.platform.client().get(&url).timeout(READY_WITHIN);
            asked.push(match request.send().await {
                Ok(answer) if answer.status() == 200 => None,
                Ok(answer) => Some(format!("{url} answers {}", answer.status())),
                Err(error) => Some(format!("{url} does not answer: {error}")),
            });
        }
        sleep(READY_EVERY).await;
    }
    asked
}
