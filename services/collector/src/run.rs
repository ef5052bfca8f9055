use std::net::SocketAddr;

use aggregates::Aggregates;
use lifecycle::Lifecycle;
use spool::Spool;
use stream::Producer;
use web::{Health, ServeError, WebState};

use crate::{CollectorSettings, log::Log, openapi, routes::routes};

/// What the collector needs of the outside world.
#[derive(Clone)]
pub struct Dependencies {
    /// Turns credentials into tenants.
    pub web: WebState,
    /// Writes to the log.
    pub producer: Producer,
    /// Takes what Kafka does not take at the moment.
    pub spool: Spool,
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
    let Dependencies { web, producer, spool, aggregates } = dependencies;
    let log = Log::new(producer, spool);
    log.tend(lifecycle);
    let checked = log.clone();
    let health = Health::new(lifecycle).with("log", move || {
        let log = checked.clone();
        async move { log.check().await }
    });
    let routes = routes(settings, web, log, aggregates, health);
    let description = serde_json::to_value(openapi()).unwrap_or_default();
    web::register_operations("collector", &description);
    web::serve("collector", &settings.bind, lifecycle, routes)
}
