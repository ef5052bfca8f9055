use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageDimensions;
use web::{Error, Tenant};

use crate::{dimensions, member::Member, schemas, state::Api};

/// Deletes the declaration of a dimension. The properties of events remain as they are.
///
/// A saved report or a schedule that names it is refused from then on, until it is declared again.
#[utoipa::path(
    delete,
    path = "/v1/dimensions/{name}",
    tag = "metrics",
    operation_id = "delete_dimension",
    params(("name" = schemas::DeclaredName, Path, description = "The dimension")),
    responses(
        (status = 204, description = "The declaration is deleted"),
        (status = 404, description = "The tenant has declared no dimension of this name"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageDimensions>,
    api: Data<Api>,
    name: Path<String>,
) -> Result<HttpResponse, Error> {
    dimensions::delete(&api.control_plane, &Member::of(&tenant), &name).await?;
    Ok(HttpResponse::NoContent().finish())
}
