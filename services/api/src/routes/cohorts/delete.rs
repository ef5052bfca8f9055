use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{cohorts::Cohorts, member::Member, state::Api};

/// Deletes a kept cohort: an own one, or as an owner any. Reports that name it are then refused.
#[utoipa::path(
    delete,
    path = "/v1/cohorts/{id}",
    tag = "cohorts",
    operation_id = "delete_cohort",
    params(("id" = Uuid, Path, description = "The cohort")),
    responses(
        (status = 204, description = "The cohort is deleted"),
        (status = 403, description = "The credential is a key, or may not write this cohort, or may see only some campaigns"),
        (status = 404, description = "The tenant has no such cohort"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    Cohorts::new(&api, Member::of(&tenant))?.delete(*id).await?;
    Ok(HttpResponse::NoContent().finish())
}
