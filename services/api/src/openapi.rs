use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        ContentBuilder, Ref, RefOr, ResponseBuilder,
        path::Operation,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{live, routes, schemas};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Footfall",
        description = "Analytics for online retail: campaign metrics over REST and live streams.",
    ),
    paths(
        routes::auth::login::login,
        routes::auth::refresh::refresh,
        routes::auth::token::token,
        routes::auth::logout::logout,
        routes::auth::accept_invitation::accept_invitation,
        routes::auth::jwks::jwks,
        routes::campaigns::list::list,
        routes::campaigns::show::show,
        routes::campaigns::change::change,
        routes::campaigns::metrics::metrics,
        live::stream_campaign,
        live::create_ticket,
        routes::metrics::list,
        routes::products::list,
        routes::rejects::list::list,
        routes::rejects::replay::replay,
        routes::api_keys::list::list,
        routes::api_keys::create::create,
        routes::api_keys::revoke::revoke,
        routes::users::list::list,
        routes::users::create::create,
        routes::users::disable::disable,
        routes::users::renew_invitation::renew_invitation,
        routes::users::revoke_invitation::revoke_invitation,
        routes::advertisers::list::list,
        routes::advertisers::put::put,
        routes::admin::tenants::list::list,
        routes::admin::tenants::create::create,
        routes::admin::tenants::show::show,
        routes::admin::tenants::users::list::list,
        routes::admin::tenants::users::create::create,
        routes::admin::tenants::users::renew_invitation::renew_invitation,
        routes::admin::tenants::users::revoke_invitation::revoke_invitation,
        routes::admin::tenants::api_keys::list::list,
        routes::admin::tenants::api_keys::create::create,
        routes::admin::tenants::api_keys::revoke::revoke,
        routes::docs::description,
    ),
    components(schemas(ProblemBody, schemas::Moment, schemas::RejectionCode)),
    security(("bearer" = [])),
    modifiers(&Credentials, &Problems),
)]
struct Description;

/// The api's description, as it stands in `openapi/api.json`.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// What went wrong (RFC 9457), as `application/problem+json`.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "the schema of what base/problem renders")]
struct ProblemBody {
    /// The page of the code.
    r#type: String,
    /// The same for every occurrence.
    title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// The stable name, to switch on.
    #[schema(example = "invalid_field")]
    code: String,
    /// What happened, and what to do.
    detail: String,
    /// What is wrong with which field.
    errors: Option<Vec<ProblemField>>,
    /// Quote it to us.
    request_id: String,
}

/// What is wrong with one field.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what base/problem renders")]
struct ProblemField {
    /// A JSON pointer into the body, or `?name` for a parameter.
    #[schema(example = "?granularity")]
    pointer: String,
    /// What would be right.
    #[schema(example = "must be one of 15m, hour, day, week, month, total")]
    reason: String,
}

/// How credentials are sent.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An access token, or an API key."))
            .build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
        let about = "A ticket of `POST /v1/live/tickets`, for browsers.";
        let ticket = ApiKey::Query(ApiKeyValue::with_description("ticket", about));
        components.add_security_scheme("ticket", SecurityScheme::ApiKey(ticket));
    }
}

/// Every failure has the same form.
struct Problems;

impl Modify for Problems {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        for item in description.paths.paths.values_mut() {
            let operations =
                [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
            operations.into_iter().flatten().for_each(describe_problems);
        }
    }
}

fn describe_problems(operation: &mut Operation) {
    let problem = || ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    for (status, response) in &mut operation.responses.responses {
        if let (true, RefOr::T(response)) = (status.starts_with(['4', '5']), response) {
            response.content.insert("application/problem+json".to_owned(), RefOr::T(problem()));
        }
    }
    let other = ResponseBuilder::new()
        .description("Anything that went wrong")
        .content("application/problem+json", problem())
        .build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(other));
}
