//! The route table.

mod cross_origin;
mod events;

use actix_web::{
    middleware::from_fn,
    web::{Data, ServiceConfig, resource},
};
use aggregates::Aggregates;
use web::{Health, WebState, docs::Docs};

use crate::{CollectorSettings, ingest::Ingest, log::Log};

web::route_table! {
    events::post;
}

/// Returns all routes of the collector: the table, and what all services have. Clones of the result
/// share the memory limit.
pub(crate) fn routes(
    settings: &CollectorSettings,
    web: WebState,
    log: Log,
    aggregates: Aggregates,
    health: Health,
    docs: Docs,
) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let web = Data::new(web);
    let ingest = Data::new(Ingest::new(settings.clone(), log, aggregates));
    move |config| {
        config.app_data(web.clone()).app_data(ingest.clone());
        for resource in resources() {
            config.service(resource.wrap(from_fn(cross_origin::answer)));
        }
        config.service(resource("/").get(web::docs::redirect));
        config.service(resource("/openapi.json").get(web::docs::own));
        docs.clone().configure(config);
        health.clone().configure(config);
    }
}
