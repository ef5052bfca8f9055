use std::{net::SocketAddr, sync::Arc};

use actix_web::web::{Data, ServiceConfig};
use aggregates::LiveFeed;
use lifecycle::Lifecycle;
use web::{CrossOrigin, Health, ServeError};

use crate::{
    ApiSettings, Dependencies,
    live::{Live, StreamReports},
    openapi::openapi,
    report_jobs,
    request_limits::CountedRequests,
    routes, schedules,
    state::Api,
    usage,
};

/// Serves the api until `lifecycle` stops. Returns the address, which matters for port 0.
///
/// # Errors
/// The address is in use, or is not an address of this machine; or the certificates cannot be used.
pub fn run(
    settings: &ApiSettings,
    dependencies: Dependencies,
    lifecycle: &Lifecycle,
) -> Result<SocketAddr, ServeError> {
    let api = Api::new(settings, &dependencies);
    let Dependencies { web, control_plane, aggregates, .. } = dependencies;
    let counted = web.with_limits(Arc::new(CountedRequests(aggregates.clone())));
    let feed = LiveFeed::start(&aggregates, lifecycle);
    let reports = StreamReports { campaigns: api.campaigns.clone(), sources: api.sources.clone() };
    let live =
        Live::new(aggregates, feed, Arc::new(reports), lifecycle, settings.trust_forwarded_for);
    let cross_origin = CrossOrigin::new(Arc::new(control_plane.clone()));
    // Readiness does not need Redis: without it ClickHouse answers, only later.
    let health = Health::new(lifecycle).with("postgres", move || {
        let control_plane = control_plane.clone();
        async move { Ok(control_plane.ping().await?) }
    });
    let document = openapi();
    web::register_operations("api", &serde_json::to_value(&document).unwrap_or_default());
    report_jobs::start(&api, lifecycle);
    usage::start(&api, live.open_streams(), lifecycle);
    schedules::start(&api, lifecycle);
    let docs = routes::docs::page(&document, &settings.collector_url);
    let limits = settings.connection_limits();
    let routes = move |config: &mut ServiceConfig| {
        config
            .app_data(Data::new(counted.clone()))
            .app_data(Data::new(cross_origin.clone()))
            .app_data(Data::new(api.clone()))
            .app_data(Data::new(live.clone()));
        health.clone().configure(config);
        docs.clone().configure(config);
        routes::configure(config);
    };
    web::serve_tls("api", &settings.bind, limits, &settings.tls, lifecycle, routes)
}
