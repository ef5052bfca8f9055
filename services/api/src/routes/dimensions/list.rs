use actix_web::HttpResponse;
use auth::ReadReports;
use metrics::{Dimension, Level, Metric};
use serde::Serialize;
use utoipa::ToSchema;
use web::Tenant;

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
    /// The metrics that it can be combined with.
    #[schema(value_type = Vec<String>)]
    metrics: Vec<&'static str>,
}

/// The dimensions.
#[derive(Serialize, ToSchema)]
pub(crate) struct Dimensions {
    /// Every dimension.
    data: Vec<DimensionDefinition>,
}

/// Lists the dimensions, and the metrics of each.
#[utoipa::path(
    get,
    path = "/v1/dimensions",
    tag = "metrics",
    operation_id = "list_dimensions",
    responses((status = 200, description = "The dimensions", body = Dimensions)),
)]
pub(crate) async fn handle(_tenant: Tenant<ReadReports>) -> HttpResponse {
    let data = Dimension::ALL.map(|dimension| {
        let fits = |metric: &Metric| metric.combines_with(dimension);
        DimensionDefinition {
            name: dimension.as_str(),
            description: dimension.description(),
            level: dimension.level(),
            metrics: Metric::ALL.into_iter().filter(fits).map(Metric::as_str).collect(),
        }
    });
    HttpResponse::Ok().json(Dimensions { data: data.into() })
}
