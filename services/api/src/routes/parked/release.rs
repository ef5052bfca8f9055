use actix_web::{HttpResponse, web::Data};
use auth::ManageParked;
use control_plane::ParkedAction;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Body, Error, Tenant};

use super::{ParkedOrderView, order};
use crate::{schemas, state::Api};

/// Which parked events to release.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseOrder {
    /// Only those that were received before this time: RFC 3339, or a date, which begins at midnight in the tenant's
    /// time zone. Default: all.
    #[schema(value_type = Option<schemas::Moment>)]
    before: Option<String>,
}

/// Releases parked events: they are written into the log of events, and count from then on.
///
/// They keep their ids and their times. Each counts once, whatever is interrupted; one that was sent again meanwhile and
/// accepted is not counted a second time. Released events are not charged to a quota. A tenant has one order at a time.
#[utoipa::path(
    post,
    path = "/v1/parked/release",
    tag = "parked",
    operation_id = "release_parked",
    request_body = ReleaseOrder,
    responses(
        (status = 202, description = "The order, which is carried out in the background", body = ParkedOrderView),
        (status = 403, description = "The credential is not that of an owner"),
        (status = 409, description = "Another order is not finished"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageParked>,
    api: Data<Api>,
    Body(body): Body<ReleaseOrder>,
) -> Result<HttpResponse, Error> {
    let before = ("/before", body.before.as_deref());
    let ordered = order(&tenant, &api, ParkedAction::Release, before).await?;
    Ok(HttpResponse::Accepted().json(ordered))
}
