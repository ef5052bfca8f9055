//! The route table.

mod cross_origin;
mod docs;
mod events;

pub(crate) use events::post as post_events;

use actix_web::{
    middleware::from_fn,
    web::{Data, ServiceConfig, resource},
};
use aggregates::Aggregates;
use web::{Health, WebState, docs::Docs};

use crate::{CollectorSettings, ingest::Ingest, log::Log};

/// Every route of the collector. Copies of what is returned share one memory of bytes in flight.
pub(crate) fn routes(
    settings: &CollectorSettings,
    web: WebState,
    log: Log,
    aggregates: Aggregates,
    health: Health,
) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let web = Data::new(web);
    let page = Docs::new(&[]);
    let ingest = Data::new(Ingest::new(settings.clone(), log, aggregates));
    move |config| {
        config
            .app_data(web.clone())
            .app_data(ingest.clone())
            .service(
                resource("/v1/events").post(events::post::post).wrap(from_fn(cross_origin::answer)),
            )
            .service(resource("/openapi.json").get(docs::description))
            .configure(|config| page.clone().configure(config))
            .configure(|config| health.clone().configure(config));
    }
}
