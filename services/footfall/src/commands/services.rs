use lifecycle::Lifecycle;
use processor::Sink;
use web::Health;

use crate::{
    cli::SinkName,
    configuration::Configuration,
    exit::{Failure, chain},
    parts::Parts,
};

/// The commit that this program was built from, where whoever built it has said so.
const COMMIT: &str = match option_env!("FOOTFALL_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// Which services this process runs.
pub(crate) struct Services {
    pub(crate) collector: bool,
    pub(crate) sinks: Vec<Sink>,
    pub(crate) api: bool,
}

impl Services {
    pub(crate) fn all() -> Self {
        Self { collector: true, sinks: Sink::ALL.to_vec(), api: true }
    }

    pub(crate) fn collector() -> Self {
        Self { collector: true, sinks: Vec::new(), api: false }
    }

    pub(crate) fn processor(sink: Option<SinkName>) -> Self {
        let sinks = match sink {
            Some(SinkName::Store) => vec![Sink::Store],
            Some(SinkName::Live) => vec![Sink::Live],
            Some(SinkName::Archive) => vec![Sink::Archive],
            Some(SinkName::Rejects) => vec![Sink::Rejects],
            None => Sink::ALL.to_vec(),
        };
        Self { collector: false, sinks, api: false }
    }

    pub(crate) fn api() -> Self {
        Self { collector: false, sinks: Vec::new(), api: true }
    }
}

/// Starts the services and runs until a signal or the first failure.
pub(crate) async fn run(configuration: Configuration, services: Services) -> Result<(), Failure> {
    telemetry::init(&configuration.telemetry).map_err(Failure::other)?;
    telemetry::state_build(env!("CARGO_PKG_VERSION"), COMMIT);
    telemetry::register();
    let lifecycle = Lifecycle::new();
    if let Err(failure) = start(configuration, services, &lifecycle).await {
        lifecycle.stop().await.map_err(Failure::other)?;
        return Err(failure);
    }
    lifecycle.run_until_signal().await.map_err(Failure::other)
}

async fn start(
    configuration: Configuration,
    services: Services,
    lifecycle: &Lifecycle,
) -> Result<(), Failure> {
    serve_metrics(&configuration.metrics.bind, lifecycle)?;
    let parts = Parts::connect(configuration).await?;
    parts.keep_current(lifecycle).await?;
    if !services.sinks.is_empty() {
        parts.start_processor(&services.sinks, lifecycle).await?;
        show_processor(&parts, lifecycle)?;
    }
    if services.collector {
        parts.start_collector(lifecycle).await?;
    }
    if services.api {
        parts.start_api(lifecycle).await?;
    }
    Ok(())
}

/// Serves the metrics of this process, where the settings name a place.
fn serve_metrics(bind: &str, lifecycle: &Lifecycle) -> Result<(), Failure> {
    if bind.is_empty() {
        return Ok(());
    }
    web::serve("metrics", bind, lifecycle, web::metrics)
        .map(drop)
        .map_err(|error| Failure::Usage(format!("metrics.bind: {}", chain(&error))))
}

/// Serves the health of a process with a processor, where the settings name a place.
fn show_processor(parts: &Parts, lifecycle: &Lifecycle) -> Result<(), Failure> {
    let bind = &parts.configuration.processor.bind;
    if bind.is_empty() {
        return Ok(());
    }
    let control_plane = parts.control_plane.clone();
    let health = Health::new(lifecycle).with("postgres", move || {
        let control_plane = control_plane.clone();
        async move { Ok(control_plane.ping().await?) }
    });
    let routes = move |config: &mut _| health.clone().configure(config);
    web::serve("processor", bind, lifecycle, routes).map(drop).map_err(Failure::usage)
}
