use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use uuid::Uuid;
use web::{Error, Tenant};

use super::Schedule;
use crate::{member::Member, schedules::Schedules, state::Api};

/// Shows one schedule.
#[utoipa::path(
    get,
    path = "/v1/schedules/{id}",
    tag = "report jobs",
    operation_id = "show_schedule",
    params(("id" = Uuid, Path, description = "The schedule")),
    responses(
        (status = 200, description = "The schedule", body = Schedule),
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
    let found = schedules.show(*id).await?;
    Ok(HttpResponse::Ok().json(Schedule::from(found)))
}
