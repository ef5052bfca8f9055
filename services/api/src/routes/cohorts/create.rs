use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use web::{Body, Error, Tenant};

use super::Cohort;
use crate::{
    cohorts::{CohortOrder, Cohorts},
    member::Member,
    state::Api,
};

/// Keeps a cohort: who did something, under a name.
///
/// Only the definition is kept, so its members are found anew each time. `{"cohort": "<id>"}` in `filters` selects
/// their events.
#[utoipa::path(
    post,
    path = "/v1/cohorts",
    tag = "cohorts",
    operation_id = "create_cohort",
    request_body = CohortOrder,
    responses(
        (status = 201, description = "The cohort", body = Cohort),
        (status = 403, description = "The credential is a key, or may see only some campaigns"),
        (status = 409, description = "Another cohort has this name, or there are as many as allowed"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    Body(order): Body<CohortOrder>,
) -> Result<HttpResponse, Error> {
    let created = Cohorts::new(&api, Member::of(&tenant))?.create(order, Utc::now()).await?;
    Ok(HttpResponse::Created().json(Cohort::from(created)))
}
