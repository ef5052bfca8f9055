use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{member::Member, schedules::Schedules, state::Api};

/// Deletes a schedule: an own one, or as an owner any. Its jobs stay.
#[utoipa::path(
    delete,
    path = "/v1/schedules/{id}",
    tag = "report jobs",
    operation_id = "delete_schedule",
    params(("id" = Uuid, Path, description = "The schedule")),
    responses(
        (status = 204, description = "The schedule is deleted"),
        (status = 403, description = "The credential is a key"),
        (status = 404, description = "The schedule does not exist, or this credential may not see it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let schedules = Schedules::new(&api.control_plane, Member::of(&tenant));
    schedules.delete(*id).await?;
    Ok(HttpResponse::NoContent().finish())
}
