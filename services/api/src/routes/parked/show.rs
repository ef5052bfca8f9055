use actix_web::{HttpResponse, web::Data};
use auth::ReadParked;
use chrono::Utc;
use stream::LogReader;
use web::{Error, Tenant};

use super::ParkedAnswer;
use crate::{failure::Failure, state::Api};

/// How many orders are shown.
const ORDERS: u16 = 20;

/// Shows what is parked: events over a quota of an hour or of a day, by hour of arrival, and when they expire.
///
/// An event is listed seconds after the collector answered `parked`. Parked events are neither counted nor shown
/// anywhere else until they are released.
#[utoipa::path(
    get,
    path = "/v1/parked",
    tag = "parked",
    operation_id = "show_parked",
    responses(
        (status = 200, description = "What is parked, and the latest orders", body = ParkedAnswer),
        (status = 403, description = "The credential is not that of an owner"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadParked>,
    api: Data<Api>,
) -> Result<HttpResponse, Error> {
    let control_plane = api.control_plane.for_tenant(tenant.context());
    let expired = Utc::now() - LogReader::PARKED_FOR;
    let hours = control_plane.parked_hours(expired).await.map_err(Failure::from)?;
    let orders = control_plane.parked_orders(ORDERS).await.map_err(Failure::from)?;
    Ok(HttpResponse::Ok().json(ParkedAnswer::new(hours, orders)))
}
