use control_plane::Group;
use lifecycle::Lifecycle;
use web::{ConnectionLimits, Health};

use crate::{
    cli::GroupName,
    configuration::Configuration,
    dependencies::{Dependencies, log_of},
    exit::Failure,
    log_filter,
    metrics_settings::MetricsSettings,
    sampling,
};
use telemetry::chain;

/// The commit of this build, if `FOOTFALL_COMMIT` was set at build time.
const COMMIT: &str = match option_env!("FOOTFALL_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// Which services this process runs.
pub(crate) struct Services {
    pub(crate) collector: bool,
    /// Whether the spool of a collector that was removed is sent, and nothing else done.
    pub(crate) drain: bool,
    pub(crate) groups: Vec<Group>,
    pub(crate) api: bool,
}

impl Services {
    pub(crate) fn all() -> Self {
        Self { collector: true, drain: false, groups: Group::ALL.to_vec(), api: true }
    }

    pub(crate) fn collector() -> Self {
        Self { collector: true, drain: false, groups: Vec::new(), api: false }
    }

    pub(crate) fn drain() -> Self {
        Self { drain: true, ..Self::collector() }
    }

    pub(crate) fn processor(sink: Option<GroupName>) -> Self {
        let groups = match sink {
            Some(GroupName::Store) => vec![Group::Store],
            Some(GroupName::Live) => vec![Group::Live],
            Some(GroupName::Archive) => vec![Group::Archive],
            Some(GroupName::Rejects) => vec![Group::Rejects],
            None => Group::ALL.to_vec(),
        };
        Self { collector: false, drain: false, groups, api: false }
    }

    pub(crate) fn api() -> Self {
        Self { collector: false, drain: false, groups: Vec::new(), api: true }
    }

    /// Returns the name under which this process exports its spans.
    fn name(&self) -> &'static str {
        match (self.collector, !self.groups.is_empty(), self.api) {
            (true, false, false) => "footfall-collector",
            (false, true, false) => "footfall-processor",
            (false, false, true) => "footfall-api",
            _ => "footfall",
        }
    }
}

/// Starts the services and runs until a signal or the first failure.
pub(crate) async fn run(configuration: Configuration, services: Services) -> Result<(), Failure> {
    let filter =
        telemetry::init(&configuration.telemetry, services.name()).map_err(Failure::other)?;
    telemetry::state_build(env!("CARGO_PKG_VERSION"), COMMIT);
    telemetry::state_settings(configuration.hash.clone());
    telemetry::register();
    let lifecycle = Lifecycle::new();
    if configuration.telemetry.has_filter_file() {
        let file = configuration.telemetry.log_filter_file.clone();
        log_filter::watch(filter, file, &lifecycle);
    }
    let ended = serve(configuration, services, &lifecycle).await;
    // It blocks for a moment. An error would mean that it panicked.
    let _ = tokio::task::spawn_blocking(telemetry::end_traces).await;
    ended
}

/// Starts the services, and returns when they have stopped.
async fn serve(
    configuration: Configuration,
    services: Services,
    lifecycle: &Lifecycle,
) -> Result<(), Failure> {
    if let Err(failure) = start(configuration, services, lifecycle).await {
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
    serve_metrics(&configuration.metrics, lifecycle)?;
    if services.drain {
        // It asks Kafka only, so that it works while other stores are unavailable.
        // Opening the spool would create it, and an empty one counts as sent.
        let folder = &configuration.spool.folder;
        if !folder.is_dir() {
            let missing = format!("spool.folder: {} does not exist", folder.display());
            return Err(Failure::Usage(missing));
        }
        let (producer, spool) = log_of(&configuration).await?;
        collector::drain(producer, spool, lifecycle);
        return Ok(());
    }
    let dependencies = Dependencies::connect(configuration).await?;
    dependencies.keep_current(lifecycle).await?;
    sampling::start(&dependencies.control_plane, lifecycle);
    if !services.groups.is_empty() {
        dependencies.start_processor(&services.groups, lifecycle).await?;
        serve_processor_health(&dependencies, lifecycle)?;
    }
    if services.collector {
        dependencies.start_collector(lifecycle).await?;
    }
    if services.api {
        dependencies.start_api(lifecycle).await?;
    }
    Ok(())
}

/// Serves the metrics of this process if the settings name an address.
fn serve_metrics(settings: &MetricsSettings, lifecycle: &Lifecycle) -> Result<(), Failure> {
    let MetricsSettings { bind, tls } = settings;
    if bind.is_empty() {
        return Ok(());
    }
    let limits = ConnectionLimits::default();
    web::serve_tls("metrics", bind, limits, tls, lifecycle, web::metrics)
        .map(drop)
        .map_err(|error| Failure::Usage(format!("metrics.bind: {}", chain(&error))))
}

/// Serves the health of a process with a processor if the settings name an address.
fn serve_processor_health(
    dependencies: &Dependencies,
    lifecycle: &Lifecycle,
) -> Result<(), Failure> {
    let bind = &dependencies.configuration.processor.bind;
    if bind.is_empty() {
        return Ok(());
    }
    let control_plane = dependencies.control_plane.clone();
    let health = Health::new(lifecycle).with("postgres", move || {
        let control_plane = control_plane.clone();
        async move { Ok(control_plane.ping().await?) }
    });
    let routes = move |config: &mut _| health.clone().configure(config);
    web::serve("processor", bind, ConnectionLimits::default(), lifecycle, routes)
        .map(drop)
        .map_err(Failure::usage)
}
