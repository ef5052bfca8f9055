//! Restarts: every process and every server is stopped as an operator does, one after the other, and started again under
//! load.

use std::time::{Duration, Instant};

use rand::Rng;
use testkit::Preparation;
use tokio::time::sleep;

use super::{
    Outcome, Piece,
    processes::{SINKS, restart_service, start_sink, stop},
    times::Times,
};
use crate::{
    Failure,
    load::Traffic,
    stack::{Server, Stack},
    stand::Stand,
};

/// How long every sink may take to go on after a restart.
const GOES_ON_WITHIN: Duration = Duration::from_secs(60);

pub(super) async fn run(stack: &Stack, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    for sink in SINKS {
        start_sink(&mut stand, sink, sink);
    }
    let load = stand.load(Traffic::default(), piece.seed());
    stand.wait_for_progress(GOES_ON_WITHIN).await?;
    let mut times = Times::default();
    let mut pause = || Duration::from_millis(random.random_range(300..1_500));
    for _ in 0..piece.tries {
        let began = Instant::now();
        restart_service(&mut stand, "collector").await?;
        times.note("collector", began);
        for sink in SINKS {
            sleep(pause()).await;
            let began = Instant::now();
            stop(&mut stand, sink).await?;
            start_sink(&mut stand, sink, sink);
            stand.wait_for_progress(GOES_ON_WITHIN).await?;
            times.note(sink, began);
        }
        let began = Instant::now();
        restart_service(&mut stand, "api").await?;
        times.note("api", began);
        for server in Server::ALL {
            sleep(pause()).await;
            let began = Instant::now();
            stack.stop(server).await?;
            stack.start(server).await?;
            stand.wait_for_progress(GOES_ON_WITHIN).await?;
            times.note(server.as_str(), began);
        }
    }
    load.stop().await?;
    let verdict = stand.verdict().await?;
    Ok(Outcome { figures: times.0, ..verdict.into() })
}
