use std::net::SocketAddr;

use aggregates::Aggregates;
use lifecycle::Lifecycle;
use spool::Spool;
use stream::Producer;
use web::{Health, ServeError, WebState, docs::Docs};

use crate::{CollectorSettings, log::Log, openapi::openapi, routes::routes};

/// The dependencies of the collector.
#[derive(Clone)]
pub struct Dependencies {
    /// Turns credentials into tenants.
    pub web: WebState,
    /// Writes to the log.
    pub producer: Producer,
    /// Stores events that Kafka does not accept at the moment.
    pub spool: Spool,
    /// Counts each tenant's rate.
    pub aggregates: Aggregates,
}

/// Sends what the spool of a removed collector holds to Kafka, without receiving anything, and then stops `lifecycle`.
/// While Kafka is unavailable, it waits. `lifecycle` fails if it is stopped before the spool is empty, and if segments
/// are left or set aside: only otherwise may the folder be removed.
pub fn drain(producer: Producer, spool: Spool, lifecycle: &Lifecycle) {
    Log::new(producer, spool).start_drain_only(lifecycle);
}

/// Serves until `lifecycle` stops, then completes the requests in flight. Returns the address.
///
/// # Errors
/// The address is in use, or is not an address of this machine; or the certificates cannot be used.
pub fn run(
    settings: &CollectorSettings,
    dependencies: Dependencies,
    lifecycle: &Lifecycle,
) -> Result<SocketAddr, ServeError> {
    let Dependencies { web, producer, spool, aggregates } = dependencies;
    let log = Log::new(producer, spool);
    log.start(lifecycle);
    let checked = log.clone();
    let health = Health::new(lifecycle).with("log", move || {
        let log = checked.clone();
        async move { log.check().await }
    });
    let document = openapi();
    web::register_operations("collector", &serde_json::to_value(&document).unwrap_or_default());
    let docs = Docs::new(&document, &[]);
    let routes = routes(settings, web, log, aggregates, health, docs);
    let limits = settings.connection_limits();
    web::serve_tls("collector", &settings.bind, limits, &settings.tls, lifecycle, routes)
}
