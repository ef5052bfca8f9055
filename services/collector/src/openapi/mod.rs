//! What the collector tells the world of itself.

mod event;
mod form;
mod problem;

use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

pub(crate) use event::{BatchDocument, EventDocument};
pub(crate) use problem::{ProblemDocument, RejectedDocument, UnstoredDocument};

use crate::routes::post_events;

/// The OpenAPI description of the collector.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut description = Description::openapi();
    description.info.license = None;
    description
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Footfall collector",
        description = "Takes the events of shops and ads in.",
        version = "1"
    ),
    paths(post_events::post),
    tags((name = "events", description = "Sending events")),
    modifiers(&Bearer)
)]
struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key of kind `collect` or `import`, or a JWT made from one."))
            .build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}
