use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use chrono::Utc;
use uuid::Uuid;
use web::{Body, Error, Tenant};

use super::Schedule;
use crate::{
    member::Member,
    schedules::{ScheduleOrder, Schedules},
    state::Api,
};

/// Replaces what an own schedule says. Its jobs have the rights that the user has now. The last write wins.
#[utoipa::path(
    put,
    path = "/v1/schedules/{id}",
    tag = "report jobs",
    operation_id = "replace_schedule",
    params(("id" = Uuid, Path, description = "The schedule")),
    request_body = ScheduleOrder,
    responses(
        (status = 200, description = "The changed schedule", body = Schedule),
        (status = 403, description = "The credential is a key, another user's, or may not ask for events"),
        (status = 404, description = "The schedule does not exist, or this credential may not see it"),
        (status = 422, description = "A field is not valid; `errors` names it, below `/request` one of the request"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
    Body(order): Body<ScheduleOrder>,
) -> Result<HttpResponse, Error> {
    let schedules = Schedules::new(&api.control_plane, Member::of(&tenant));
    let replaced = schedules.replace(*id, order, Utc::now()).await?;
    Ok(HttpResponse::Ok().json(Schedule::from(replaced)))
}
