use std::{net::SocketAddr, sync::Arc};

use actix_web::web::{Data, ServiceConfig};
use aggregates::LiveFeed;
use lifecycle::Lifecycle;
use web::{Health, ServeError};

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
    let live = Live::new(parts.aggregates, feed, Arc::new(reports));
    // Redis is not asked: without it ClickHouse answers, only later.
    let control_plane = parts.control_plane;
    let health = Health::new(lifecycle).with("postgres", move || {
        let control_plane = control_plane.clone();
        async move { Ok(control_plane.ping().await?) }
    });
    let web = parts.web;
    let description = serde_json::to_value(openapi()).unwrap_or_default();
    web::register_operations("api", &description);
    web::serve("api", &settings.bind, lifecycle, move |config: &mut ServiceConfig| {
        config
            .app_data(Data::new(web.clone()))
            .app_data(Data::new(api.clone()))
            .app_data(Data::new(live.clone()));
        health.clone().configure(config);
        routes::configure(config);
    })
}
