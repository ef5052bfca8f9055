use utoipa::{Modify, OpenApi};
use web::openapi::Bearer;

use crate::routes::Operations;

const BEARER: Bearer =
    Bearer("An API key of kind `collect` or `import`, or an access token issued for one.");

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Footfall collector",
        description = "Accepts the events of shops and ads.",
        version = "1"
    ),
    tags((name = "events", description = "Sending events")),
)]
struct Description;

/// Returns the OpenAPI document of the collector, as in `openapi/collector.json`.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Description::openapi().merge_from(Operations::openapi());
    document.info.license = None;
    BEARER.modify(&mut document);
    document
}
