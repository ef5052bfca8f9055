use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use chrono::Utc;
use uuid::Uuid;
use web::{Body, Error, Tenant};

use super::Cohort;
use crate::{
    cohorts::{CohortOrder, Cohorts},
    member::Member,
    state::Api,
};

/// Replaces what a kept cohort says: an own one, or as an owner any. The last write wins.
///
/// The next report that names it has its new members.
#[utoipa::path(
    put,
    path = "/v1/cohorts/{id}",
    tag = "cohorts",
    operation_id = "replace_cohort",
    params(("id" = Uuid, Path, description = "The cohort")),
    request_body = CohortOrder,
    responses(
        (status = 200, description = "The changed cohort", body = Cohort),
        (status = 403, description = "The credential is a key, or may not write this cohort, or may see only some campaigns"),
        (status = 404, description = "The tenant has no such cohort"),
        (status = 409, description = "Another cohort has this name"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
    Body(order): Body<CohortOrder>,
) -> Result<HttpResponse, Error> {
    let cohorts = Cohorts::new(&api, Member::of(&tenant))?;
    let replaced = cohorts.replace(*id, order, Utc::now()).await?;
    Ok(HttpResponse::Ok().json(Cohort::from(replaced)))
}
