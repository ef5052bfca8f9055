use std::sync::Arc;

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageDimensions;
use metrics::Dimension;
use web::{Body, Error, Tenant};

use super::DimensionDefinition;
use crate::{
    dimensions::{self, DimensionOrder},
    member::Member,
    query::scope,
    schemas,
    state::Api,
};

/// Declares a property of events as a dimension, or replaces the declaration of this name.
///
/// From then on, reports group and filter by its name, also events that were received before. Every
/// credential that reads reports may ask it, of the campaigns that it may see.
#[utoipa::path(
    put,
    path = "/v1/dimensions/{name}",
    tag = "metrics",
    operation_id = "put_dimension",
    params(("name" = schemas::DeclaredName, Path, description = "The dimension")),
    request_body = DimensionOrder,
    responses(
        (status = 200, description = "The dimension", body = DimensionDefinition),
        (status = 409, description = "The tenant declares as many dimensions as allowed"),
        (status = 422, description = "The name is not possible, or a field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageDimensions>,
    api: Data<Api>,
    name: Path<String>,
    Body(order): Body<DimensionOrder>,
) -> Result<HttpResponse, Error> {
    let member = Member::of(&tenant);
    let declared = dimensions::declare(&api.control_plane, &member, &name, &order).await?;
    let dimension = Dimension::Declared(Arc::new(declared));
    let metrics = scope::metrics(tenant.campaigns());
    Ok(HttpResponse::Ok().json(DimensionDefinition::new(&dimension, &metrics)))
}
