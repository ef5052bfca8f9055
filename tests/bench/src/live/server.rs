use std::{net::SocketAddr, time::Duration};

use testkit::Process;
use tokio::time::sleep;

use super::{
    Options,
    fan_out::{self, FanOut, Publisher},
    streams::Streams,
};
use crate::{
    Failure,
    measure::{Meter, Profile, Role, resident_bytes},
};

/// How long idle streams are measured.
const IDLE: Duration = Duration::from_secs(5);

/// A server whose streams are measured.
pub(super) struct Server<'a> {
    pub(super) address: SocketAddr,
    pub(super) process: &'a Process,
    /// Each opens a stream; they are sent in turn.
    pub(super) requests: &'a [Vec<u8>],
    /// What every update contains.
    pub(super) marker: &'a str,
    pub(super) publisher: &'a Publisher,
    /// The name of the flame graph of its updates; a denominator has none.
    pub(super) profile: Option<&'a str>,
}

/// The figures of one server.
pub(super) struct Served {
    pub(super) streams: usize,
    /// Of a stream, in KiB.
    pub(super) memory: f64,
    pub(super) update: FanOut,
    pub(super) idle_cores: f64,
    /// The length of a frame, in bytes.
    pub(super) frame: usize,
    pub(super) quiet_p95: f64,
    pub(super) busy_p50: f64,
    pub(super) busy_p95: f64,
}

impl Server<'_> {
    /// Opens streams, and measures memory, updates and idle streams.
    ///
    /// # Errors
    /// A stream is refused or ends, an update does not arrive in time, or the profiler fails.
    pub(super) async fn measure(&self, options: &Options) -> Result<Served, Failure> {
        let Self { address, requests, marker, publisher, .. } = *self;
        let id = self.process.id();
        // The first streams also fill caches, which are not a stream's memory.
        let few = Streams::open(address, requests, requests.len().max(10), marker).await?;
        sleep(Duration::from_millis(500)).await;
        let before = resident_bytes(id);
        let mut streams =
            Streams::open(address, requests, options.streams as usize, marker).await?;
        sleep(Duration::from_secs(1)).await;
        let memory = (resident_bytes(id) - before) / 1024.0 / streams.count() as f64;
        drop(few);
        let idle = Meter::start([(Role::Measured, id)]);
        sleep(IDLE).await;
        let idle_cores = idle.read().cores(Role::Measured);
        // Not measured: the first update allocates what later ones use again.
        fan_out::once(&mut streams, publisher, id).await?;
        let profile = match self.profile {
            Some(name) => Profile::start(&options.common, name, id)?,
            None => None,
        };
        let mut updates = Vec::new();
        for _ in 0..options.updates {
            updates.push(fan_out::once(&mut streams, publisher, id).await?);
            sleep(Duration::from_millis(500)).await;
        }
        profile.map_or(Ok(()), Profile::finish)?;
        Ok(Served {
            streams: streams.count(),
            memory,
            update: FanOut::mean(&updates),
            idle_cores,
            frame: streams.frame_length(),
            quiet_p95: f64::NAN,
            busy_p50: f64::NAN,
            busy_p95: f64::NAN,
        })
    }
}
