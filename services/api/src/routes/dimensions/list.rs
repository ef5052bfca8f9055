use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Error, Tenant};

use super::DimensionDefinition;
use crate::{dimensions, query::scope, state::Api};

/// The dimensions.
#[derive(Serialize, ToSchema)]
pub(crate) struct Dimensions {
    /// Every dimension that the credential may ask, the built-in ones first.
    data: Vec<DimensionDefinition>,
}

/// Lists the dimensions that the credential may ask, and the metrics of each.
#[utoipa::path(
    get,
    path = "/v1/dimensions",
    tag = "metrics",
    operation_id = "list_dimensions",
    responses((status = 200, description = "The dimensions", body = Dimensions)),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
) -> Result<HttpResponse, Error> {
    let own = dimensions::of(&api.control_plane.for_tenant(tenant.context())).await?;
    let metrics = scope::metrics(tenant.campaigns());
    let listed = scope::dimensions(&own, tenant.campaigns());
    let data = listed.iter().map(|one| DimensionDefinition::new(one, &metrics)).collect();
    Ok(HttpResponse::Ok().json(Dimensions { data }))
}
