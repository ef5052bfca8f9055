use std::{net::SocketAddr, sync::Arc};

use actix_web::web::{Data, ServiceConfig};
use aggregates::LiveFeed;
use lifecycle::Lifecycle;
use web::{CrossOrigin, Health, ServeError};

use crate::{
    ApiSettings, Dependencies, live::Live, live_reports::StreamReports, openapi, routes, state::Api,
};

/// Serves the api until `lifecycle` stops. Returns the address, which matters for port 0.
///
/// # Errors
/// The address is taken or not ours.
pub fn run(
    settings: &ApiSettings,
    parts: Dependencies,
    lifecycle: &Lifecycle,
) -> Result<SocketAddr, ServeError> {
    let api = Api::new(settings, &parts);
    let feed = LiveFeed::start(&parts.aggregates, lifecycle);
    let reports = StreamReports { campaigns: api.campaigns.clone(), sources: api.sources.clone() };
    let live = Live::new(parts.aggregates, feed, Arc::new(reports), settings.trust_forwarded_for);
    // Redis is not asked: without it ClickHouse answers, only later.
    let control_plane = parts.control_plane;
    let cross_origin = CrossOrigin::new(Arc::new(control_plane.clone()));
    let health = Health::new(lifecycle).with("postgres", move || {
        let control_plane = control_plane.clone();
        async move { Ok(control_plane.ping().await?) }
    });
    let web = parts.web;
    let docs = routes::docs::page(&settings.collector_url);
    let description = serde_json::to_value(openapi()).unwrap_or_default();
    web::register_operations("api", &description);
    web::serve_streams("api", &settings.bind, lifecycle, move |config: &mut ServiceConfig| {
        config
            .app_data(Data::new(web.clone()))
            .app_data(Data::new(cross_origin.clone()))
            .app_data(Data::new(api.clone()))
            .app_data(Data::new(live.clone()));
        health.clone().configure(config);
        docs.clone().configure(config);
        routes::configure(config);
    })
}
