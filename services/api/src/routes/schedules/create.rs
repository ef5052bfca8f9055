use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use web::{Body, Error, Tenant};

use super::Schedule;
use crate::{
    member::Member,
    schedules::{ScheduleOrder, Schedules},
    state::Api,
};

/// Schedules a report: each run is a job of `/v1/reports`, with the rights of the user who schedules it.
///
/// A local time that the clock skips runs at the next moment that exists; one that occurs twice runs the
/// first time. Of runs that were missed while no api ran, only the last one is made up.
#[utoipa::path(
    post,
    path = "/v1/schedules",
    tag = "report jobs",
    operation_id = "create_schedule",
    request_body = ScheduleOrder,
    responses(
        (status = 201, description = "The schedule", body = Schedule),
        (status = 403, description = "The credential is a key, or may not ask for events"),
        (status = 409, description = "There are as many schedules as allowed"),
        (status = 422, description = "A field is not valid; `errors` names it, below `/request` one of the request"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    Body(order): Body<ScheduleOrder>,
) -> Result<HttpResponse, Error> {
    let schedules = Schedules::new(&api.control_plane, Member::of(&tenant));
    let created = schedules.create(order, Utc::now()).await?;
    Ok(HttpResponse::Created().json(Schedule::from(created)))
}
