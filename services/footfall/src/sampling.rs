use std::{convert::Infallible, time::Duration};

use control_plane::ControlPlane;
use lifecycle::Lifecycle;
use telemetry::{Gauge, Histogram};
use tokio::{
    runtime::Handle,
    time::{MissedTickBehavior, interval},
};

/// How often the gauges are updated: several times between two scrapes.
const EVERY: Duration = Duration::from_secs(1);

/// Updates the gauges that no event changes, of the runtime and of the connections to PostgreSQL, until
/// `lifecycle` stops.
pub(crate) fn start(control_plane: &ControlPlane, lifecycle: &Lifecycle) {
    let control_plane = control_plane.clone();
    let token = lifecycle.token();
    lifecycle.spawn("sampling", EVERY, async move {
        token.run_until_cancelled(sample(control_plane)).await;
        Ok(())
    });
}

async fn sample(control_plane: ControlPlane) -> Infallible {
    let runtime = Handle::current().metrics();
    let gauge = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let due = ticks.tick().await;
        Histogram::RuntimeDelay.observe(&[], due.elapsed());
        Gauge::RuntimeWorkers.set(&[], gauge(runtime.num_workers()));
        Gauge::RuntimeTasks.set(&[], gauge(runtime.num_alive_tasks()));
        Gauge::RuntimeQueue.set(&[], gauge(runtime.global_queue_depth()));
        control_plane.observe_connections();
    }
}
