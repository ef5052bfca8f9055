use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, Ref, RefOr, ResponseBuilder,
        path::Operation,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};
use web::openapi::{Bearer, ProblemBody};

use crate::{routes::Operations, schemas};

const BEARER: Bearer = Bearer("An access token, or an API key.");

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Footfall",
        description = "Analytics for online retail: campaign metrics over REST and live streams.",
    ),
    components(schemas(ProblemBody, schemas::Moment, schemas::RejectionCode)),
    security(("bearer" = [])),
)]
struct Description;

/// Returns the OpenAPI document of the api, as in `openapi/api.json`.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Description::openapi().merge_from(Operations::openapi());
    BEARER.modify(&mut document);
    Ticket.modify(&mut document);
    Problems.modify(&mut document);
    document
}

/// The security scheme `ticket`.
struct Ticket;

impl Modify for Ticket {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let about = "A ticket of `POST /v1/live/tickets`, for browsers.";
        let ticket = ApiKey::Query(ApiKeyValue::with_description("ticket", about));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("ticket", SecurityScheme::ApiKey(ticket));
    }
}

/// The body of every response to a failed request.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for item in document.paths.paths.values_mut() {
            let operations =
                [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
            operations.into_iter().flatten().for_each(describe_problems);
        }
    }
}

fn describe_problems(operation: &mut Operation) {
    if operation.request_body.is_some() {
        let too_slow = "The body arrived too slowly; see `Retry-After`";
        let too_slow = ResponseBuilder::new().description(too_slow).build();
        operation.responses.responses.insert("408".to_owned(), RefOr::T(too_slow));
    }
    let problem = || ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    for (status, response) in &mut operation.responses.responses {
        if let (true, RefOr::T(response)) = (status.starts_with(['4', '5']), response) {
            response.content.insert("application/problem+json".to_owned(), RefOr::T(problem()));
        }
    }
    let other = ResponseBuilder::new()
        .description("Any other failure")
        .content("application/problem+json", problem())
        .build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(other));
}
