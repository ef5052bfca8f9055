use std::time::Duration;

use clap::Args;

use super::{
    Target,
    run::{Answered, WARM_UP, at_rate, closed, repeated, warmed_up},
};
use crate::{
    Failure,
    measure::{Cpu, Durations, Meter, Profile, Role, servers},
    options::Common,
};

/// The most requests a second of a connection in an open loop.
const RATE_PER_CONNECTION: u32 = 20;

/// The size of each load.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Load {
    /// How long each load lasts, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// Persistent connections of each load
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4_096))]
    pub(crate) connections: u16,
}

/// The answers to a load, and what it cost.
pub(crate) struct Outcome {
    answered: Answered,
    cpu: Cpu,
}

impl Load {
    /// Puts a process under full load: each connection sends its next request when the last one was
    /// answered.
    ///
    /// # Errors
    /// A request fails or is answered with another status.
    pub(crate) async fn saturate(self, target: Target<'_>) -> Result<Outcome, Failure> {
        let mut connections = warmed_up(&target, self.connections.into()).await?;
        let meter = meter(&target);
        let lasting = Duration::from_secs(self.seconds);
        let answered = closed(&target, &mut connections, lasting).await?;
        Ok(Outcome { answered, cpu: meter.read() })
    }

    /// Does the same, with a profile of this name if the run was asked for profiles.
    ///
    /// # Errors
    /// A request fails or is answered with another status, or the profiler fails.
    pub(crate) async fn profiled(
        self,
        target: Target<'_>,
        common: &Common,
        name: &str,
    ) -> Result<Outcome, Failure> {
        let profile = Profile::start(common, name, target.process)?;
        let outcome = self.saturate(target).await?;
        profile.map_or(Ok(()), Profile::finish)?;
        Ok(outcome)
    }

    /// Asks something else than a process under load, such as a query of a driver: each of as many
    /// clients as there would be connections asks again when it was answered.
    ///
    /// # Errors
    /// That of `ask`.
    pub(crate) async fn repeat(
        self,
        ask: impl AsyncFn() -> Result<(), Failure>,
    ) -> Result<Outcome, Failure> {
        let clients = self.connections.into();
        repeated(&ask, clients, WARM_UP).await?;
        let meter = Meter::start(servers());
        let answered = repeated(&ask, clients, Duration::from_secs(self.seconds)).await?;
        Ok(Outcome { answered, cpu: meter.read() })
    }

    /// Sends `rate` requests a second, whatever the answers. A latency counts from the time at which
    /// its request was due.
    ///
    /// # Errors
    /// A request fails or is answered with another status.
    pub(crate) async fn at_rate(self, target: Target<'_>, rate: u32) -> Result<Outcome, Failure> {
        // Few connections would wait for each other, and not the server for requests.
        let connections =
            usize::from(self.connections).max(rate.div_ceil(RATE_PER_CONNECTION) as usize);
        let mut connections = warmed_up(&target, connections).await?;
        let meter = meter(&target);
        let lasting = Duration::from_secs(self.seconds);
        let answered = at_rate(&target, &mut connections, rate, lasting).await?;
        Ok(Outcome { answered, cpu: meter.read() })
    }
}

fn meter(target: &Target<'_>) -> Meter {
    Meter::start(servers().into_iter().chain([(Role::Measured, target.process)]))
}

impl Outcome {
    /// Returns the requests answered per second.
    pub(crate) fn rate(&self) -> f64 {
        self.answered.requests() / self.answered.took.as_secs_f64()
    }

    /// Returns the latencies.
    pub(crate) fn latencies(&self) -> &Durations {
        &self.answered.latencies
    }

    /// Returns a role's processor time per request, in microseconds.
    pub(crate) fn micros(&self, role: Role) -> f64 {
        self.cpu.micros_per(role, self.answered.requests())
    }
}
