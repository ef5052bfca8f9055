use actix_web::{HttpResponse, web::Data};
use auth::ManageParked;
use control_plane::ParkedAction;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{Error, Query, Tenant};

use super::{ParkedOrderView, order};
use crate::{schemas, state::Api};

/// Which parked events to erase.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EraseQuery {
    /// Only those that were received before this time: RFC 3339, or a date, which begins at midnight in the tenant's
    /// time zone. Default: all.
    #[param(value_type = Option<schemas::Moment>)]
    before: Option<String>,
}

/// Erases parked events: they are never counted. Their bytes leave the log when they expire.
#[utoipa::path(
    delete,
    path = "/v1/parked",
    tag = "parked",
    operation_id = "erase_parked",
    params(EraseQuery),
    responses(
        (status = 202, description = "The order, which is carried out in the background", body = ParkedOrderView),
        (status = 403, description = "The credential is not that of an owner"),
        (status = 409, description = "Another order is not finished"),
        (status = 422, description = "A parameter is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageParked>,
    api: Data<Api>,
    Query(query): Query<EraseQuery>,
) -> Result<HttpResponse, Error> {
    let before = ("?before", query.before.as_deref());
    let ordered = order(&tenant, &api, ParkedAction::Erase, before).await?;
    Ok(HttpResponse::Accepted().json(ordered))
}
