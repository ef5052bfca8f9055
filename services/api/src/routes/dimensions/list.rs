use actix_web::HttpResponse;
use auth::ReadReports;
use metrics::Level;
use serde::Serialize;
use utoipa::ToSchema;
use web::Tenant;

use crate::query::scope;

/// One dimension of the catalogue.
#[derive(Serialize, ToSchema)]
pub(crate) struct DimensionDefinition {
    /// The stable name.
    #[schema(example = "campaign")]
    name: &'static str,
    /// The meaning of its values.
    #[schema(example = "campaign_id; empty for events without a campaign")]
    description: &'static str,
    /// What it describes: an `event` as a whole, or each `product` of it.
    #[schema(value_type = String, example = "event")]
    level: Level,
    /// The metrics that it can be combined with, and that the credential may ask.
    #[schema(value_type = Vec<String>)]
    metrics: Vec<&'static str>,
}

/// The dimensions.
#[derive(Serialize, ToSchema)]
pub(crate) struct Dimensions {
    /// Every dimension that the credential may ask.
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
pub(crate) async fn handle(tenant: Tenant<ReadReports>) -> HttpResponse {
    let metrics = scope::metrics(tenant.campaigns());
    let dimensions = scope::dimensions(tenant.campaigns()).into_iter();
    let data = dimensions.map(|dimension| {
        let fits = metrics.iter().filter(|metric| metric.combines_with(dimension));
        DimensionDefinition {
            name: dimension.as_str(),
            description: dimension.description(),
            level: dimension.level(),
            metrics: fits.map(|metric| metric.as_str()).collect(),
        }
    });
    HttpResponse::Ok().json(Dimensions { data: data.collect() })
}
