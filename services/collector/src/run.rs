use std::{net::SocketAddr, time::Duration};

use aggregates::Aggregates;
use lifecycle::Lifecycle;
use stream::Producer;
use web::{Health, ServeError, WebState};

use crate::{CollectorSettings, routes};

/// How long the brokers may take to say that they are there.
const BROKERS_PATIENCE: Duration = Duration::from_millis(1_500);

/// What the collector needs of the outside world.
#[derive(Clone)]
pub struct Dependencies {
    /// Turns credentials into tenants.
    pub web: WebState,
    /// Writes to the log.
    pub producer: Producer,
    /// Keeps each tenant's rate.
    pub aggregates: Aggregates,
}

/// Serves until `lifecycle` stops, then lets the requests at hand end. Returns the address.
///
/// # Errors
/// When the address is taken or not ours.
pub fn run(
    settings: &CollectorSettings,
    dependencies: Dependencies,
    lifecycle: &Lifecycle,
) -> Result<SocketAddr, ServeError> {
    let producer = dependencies.producer.clone();
    let health = Health::new(lifecycle).with("kafka", move || {
        let producer = producer.clone();
        async move { Ok(producer.check(BROKERS_PATIENCE).await?) }
    });
    web::serve("collector", &settings.bind, lifecycle, routes(settings, dependencies, health))
}
