use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use control_plane::BackOut;
use problem::{Code, Problem};
use serde::Deserialize;
use tenancy::ClientId;
use utoipa::ToSchema;
use web::{Body, Error, Platform};

use super::MoveView;
use crate::{failure::Failure, names::StateReason, schemas, state::Api};

/// Why a move is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackOutOrder {
    /// Kept with the move and in the audit log.
    #[schema(value_type = schemas::StateReason)]
    reason: StateReason,
}

/// Takes the move of a tenant back: its rows stay where they were, and what was copied is removed.
///
/// A repeated request changes nothing. It is too late once the step `clean` has begun; a tenant that was moved can
/// be moved back.
#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{id}/move/back-out",
    tag = "admin",
    operation_id = "back_out_move",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    request_body = BackOutOrder,
    responses(
        (status = 202, description = "The move", body = MoveView),
        (status = 404, description = "The tenant does not exist, or is not being moved"),
        (status = 409, description = "Rows of the source are being removed"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
    Body(order): Body<BackOutOrder>,
) -> Result<HttpResponse, Error> {
    let stored = api.control_plane.for_platform(platform.context());
    let backed_out = stored.back_out_move(&id, order.reason.as_str()).await;
    match backed_out.map_err(Failure::from)? {
        BackOut::Begun => {}
        BackOut::NotUnderWay => return Err(Problem::not_found().into()),
        BackOut::TooLate => {
            let detail = "Rows of the source are being removed. Wait, then move the tenant back.";
            return Err(Problem::new(Code::WrongState, detail).into());
        }
    }
    let found = stored.latest_move(&id).await.map_err(Failure::from)?;
    let found = found.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Accepted().json(MoveView::from(found)))
}
