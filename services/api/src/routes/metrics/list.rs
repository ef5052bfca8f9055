use actix_web::HttpResponse;
use auth::ReadReports;
use metrics::Metric;
use serde::Serialize;
use utoipa::ToSchema;
use web::Tenant;

use crate::query::scope;

/// One metric of the catalogue.
#[derive(Serialize, ToSchema)]
pub(crate) struct MetricDefinition {
    /// The stable name.
    #[schema(example = "ctr")]
    name: &'static str,
    /// The formula over base metrics, or the counted events.
    #[schema(example = "clicks / impressions")]
    formula: &'static str,
    /// `count`, `quantity` (up to three decimal places), `ratio` or `money`.
    #[schema(value_type = String)]
    unit: metrics::Unit,
    /// How its numbers are combined: `sum`, `ratio_of_sums` or `distinct`.
    #[schema(value_type = String)]
    additivity: metrics::Additivity,
    /// The source of the definition.
    source: &'static str,
}

/// The catalogue.
#[derive(Serialize, ToSchema)]
pub(crate) struct Catalogue {
    /// Every metric that the credential may ask, base ones first.
    data: Vec<MetricDefinition>,
}

/// Lists the metrics that the credential may ask, with their formulas.
#[utoipa::path(
    get,
    path = "/v1/metrics",
    tag = "metrics",
    operation_id = "list_metrics",
    responses((status = 200, description = "The catalogue", body = Catalogue)),
)]
pub(crate) async fn handle(tenant: Tenant<ReadReports>) -> HttpResponse {
    let metrics = scope::metrics(tenant.campaigns()).into_iter();
    let data = metrics.map(MetricDefinition::from).collect();
    HttpResponse::Ok().json(Catalogue { data })
}

impl From<Metric> for MetricDefinition {
    fn from(metric: Metric) -> Self {
        let metrics::Definition { name, formula, unit, additivity, source } = metric.definition();
        Self { name, formula, unit, additivity, source }
    }
}
