use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use chrono::Utc;
use uuid::Uuid;
use web::{Error, Tenant};

use super::ShownCohort;
use crate::{cohorts::Cohorts, member::Member, state::Api};

/// Shows one kept cohort, and counts who belongs to it now.
#[utoipa::path(
    get,
    path = "/v1/cohorts/{id}",
    tag = "cohorts",
    operation_id = "show_cohort",
    params(("id" = Uuid, Path, description = "The cohort")),
    responses(
        (status = 200, description = "The cohort", body = ShownCohort),
        (status = 403, description = "The credential may see only some campaigns"),
        (status = 404, description = "The tenant has no such cohort"),
        (status = 422, description = "The definition is not valid any more, or has too many events to count"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let shown = Cohorts::new(&api, Member::of(&tenant))?.show(*id, Utc::now()).await?;
    Ok(HttpResponse::Ok().json(ShownCohort::from(shown)))
}
