//! The parts of an OpenAPI document that the services share.

use utoipa::{
    Modify, ToSchema,
    openapi::{
        OpenApi,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

/// A failure (RFC 9457), as `application/problem+json`.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "the schema of what base/problem renders")]
pub struct ProblemBody {
    /// The page of the code.
    r#type: String,
    /// The same for every occurrence.
    title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// The stable name, for programs.
    #[schema(example = "invalid_field")]
    code: String,
    /// What happened, and what to do.
    detail: String,
    /// The wrong fields.
    errors: Option<Vec<ProblemField>>,
    /// The id of the request, for support.
    request_id: String,
}

/// A wrong field.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what base/problem renders")]
pub struct ProblemField {
    /// A JSON pointer (RFC 6901) into the body, or `?name` for a parameter.
    #[schema(example = "?granularity")]
    pointer: String,
    /// What would be correct.
    #[schema(example = "must be one of 15m, hour, day, week, month, quarter, year, total")]
    reason: String,
}

/// The security scheme `bearer`, with a description of the credentials that it accepts.
#[derive(Clone, Copy, Debug)]
pub struct Bearer(pub &'static str);

impl Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let scheme =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(self.0)).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}
