use std::{net::SocketAddr, time::Duration};

use futures::future::try_join_all;
use tokio::time::{Instant, sleep_until};

use super::Connection;
use crate::{Failure, measure::Durations};

/// How long a server is under load before it is measured.
pub(super) const WARM_UP: Duration = Duration::from_millis(500);

/// Where requests go, and what they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) address: SocketAddr,
    /// The requests, sent in turn.
    pub(crate) requests: &'a [Vec<u8>],
    /// The status that every answer must have.
    pub(crate) status: u16,
    /// The process that answers.
    pub(crate) process: u32,
}

/// The answers to a load.
#[derive(Debug, Default)]
pub(super) struct Answered {
    /// From the request, or from the time it was due, to the end of its answer.
    pub(super) latencies: Durations,
    /// How long the load lasted.
    pub(super) took: Duration,
}

impl Answered {
    /// Returns the number of requests.
    pub(super) fn requests(&self) -> f64 {
        self.latencies.count() as f64
    }
}

/// Opens the connections and sends a short load of the later half of the requests, which is not
/// measured: answers to the first ones must not be in a cache yet.
///
/// # Errors
/// A request fails or is answered with another status.
pub(super) async fn warmed_up(
    target: &Target<'_>,
    connections: usize,
) -> Result<Vec<Connection>, Failure> {
    let opened = (0..connections).map(|_| Connection::open(target.address));
    let mut connections = try_join_all(opened).await?;
    let (_, later) = target.requests.split_at(target.requests.len() / 2);
    closed(&Target { requests: later, ..*target }, &mut connections, WARM_UP).await?;
    Ok(connections)
}

/// Closed loop: each connection sends its next request when the last one was answered.
///
/// # Errors
/// A request fails or is answered with another status.
pub(super) async fn closed(
    target: &Target<'_>,
    connections: &mut [Connection],
    lasting: Duration,
) -> Result<Answered, Failure> {
    let began = Instant::now();
    let lanes = lanes(target, connections).map(|(connection, requests)| async move {
        let mut latencies = Durations::default();
        for request in requests {
            let sent = Instant::now();
            if sent - began >= lasting {
                break;
            }
            send(target, connection, request).await?;
            latencies.add(sent.elapsed());
        }
        Ok::<_, Failure>(latencies)
    });
    gathered(try_join_all(lanes).await?, began)
}

/// Closed loop of something else than requests: each of `clients` asks again when it was answered.
///
/// # Errors
/// That of `ask`.
pub(super) async fn repeated(
    ask: &impl AsyncFn() -> Result<(), Failure>,
    clients: usize,
    lasting: Duration,
) -> Result<Answered, Failure> {
    let began = Instant::now();
    let lanes = (0..clients).map(|_| async move {
        let mut latencies = Durations::default();
        loop {
            let asked = Instant::now();
            if asked - began >= lasting {
                break;
            }
            ask().await?;
            latencies.add(asked.elapsed());
        }
        Ok::<_, Failure>(latencies)
    });
    gathered(try_join_all(lanes).await?, began)
}

/// Open loop: `rate` requests a second are due, whatever the answers. A latency counts from the
/// time at which its request was due, also if no connection was free then.
///
/// # Errors
/// A request fails or is answered with another status.
pub(super) async fn at_rate(
    target: &Target<'_>,
    connections: &mut [Connection],
    rate: u32,
    lasting: Duration,
) -> Result<Answered, Failure> {
    let began = Instant::now();
    let count = connections.len() as f64;
    let apart = Duration::from_secs_f64(count / f64::from(rate));
    let lanes =
        lanes(target, connections).enumerate().map(async |(lane, (connection, requests))| {
            let mut latencies = Durations::default();
            let mut due = began + apart.mul_f64(lane as f64 / count);
            for request in requests {
                if due - began >= lasting {
                    break;
                }
                sleep_until(due).await;
                send(target, connection, request).await?;
                latencies.add(due.elapsed());
                due += apart;
            }
            Ok::<_, Failure>(latencies)
        });
    gathered(try_join_all(lanes).await?, began)
}

/// Returns each connection with the requests that it sends, without end.
fn lanes<'a>(
    target: &Target<'a>,
    connections: &'a mut [Connection],
) -> impl Iterator<Item = (&'a mut Connection, impl Iterator<Item = &'a Vec<u8>>)> {
    let requests = target.requests;
    let count = connections.len().max(1);
    connections.iter_mut().enumerate().map(move |(lane, connection)| {
        (connection, requests.iter().cycle().skip(lane % requests.len().max(1)).step_by(count))
    })
}

async fn send(
    target: &Target<'_>,
    connection: &mut Connection,
    request: &[u8],
) -> Result<(), Failure> {
    let status = connection.ask(request).await?;
    if status == target.status {
        return Ok(());
    }
    let answer = String::from_utf8_lossy(connection.answer()).into_owned();
    Err(format!("{} answered {status}, not {}:\n{answer}", target.address, target.status).into())
}

fn gathered(lanes: Vec<Durations>, began: Instant) -> Result<Answered, Failure> {
    let took = began.elapsed();
    let mut latencies = Durations::default();
    lanes.into_iter().for_each(|lane| latencies.merge(lane));
    match latencies.count() {
        0 => Err("no request was answered in time".into()),
        _ => Ok(Answered { latencies, took }),
    }
}
