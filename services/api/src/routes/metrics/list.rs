use actix_web::{HttpResponse, web::Data};
use attribution::AttributionModel;
use auth::ReadReports;
use metrics::{Definition, Dimension, Granularity, Metric};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Error, Tenant};

use crate::{behaviour::of_ads, dimensions, query::scope, state::Api};

/// The attribution of events: to the campaign that they name.
const DECLARED: &str = "declared";

/// One metric of the catalogue.
#[derive(Serialize, ToSchema)]
pub(crate) struct MetricDefinition {
    /// The stable name.
    #[schema(example = "ctr")]
    name: &'static str,
    /// The formula over base metrics, or the counted events.
    #[schema(example = "clicks / impressions")]
    formula: &'static str,
    /// `count`, `quantity` (up to three decimal places), `credit` (up to six), `ratio` or `money`.
    #[schema(value_type = String)]
    unit: metrics::Unit,
    /// How its numbers are combined: `sum`, `ratio_of_sums` or `distinct`.
    #[schema(value_type = String)]
    additivity: metrics::Additivity,
    /// The source of the definition.
    source: &'static str,
    /// The dimensions that it can be combined with, and that the credential may ask.
    #[schema(example = json!(["campaign", "device"]))]
    dimensions: Vec<String>,
    /// The lengths of its buckets.
    #[schema(value_type = Vec<String>, example = json!(["hour", "day", "total"]))]
    granularities: Vec<&'static str>,
    /// How its numbers belong to campaigns: `declared`, as events name them; or the models of attribution.
    #[schema(value_type = Vec<String>, example = json!(["declared"]))]
    attributions: Vec<&'static str>,
}

/// The catalogue.
#[derive(Serialize, ToSchema)]
pub(crate) struct Catalogue {
    /// Every metric that the credential may ask in queries and windows, base ones first.
    data: Vec<MetricDefinition>,
    /// The metrics of credit: of queries that name an `attribution`, and of `POST /v1/attribution`, which has all of
    /// them and `spend` in every answer.
    attributed: Vec<MetricDefinition>,
}

/// Lists the metrics that the credential may ask, with their formulas and with what each combines with.
#[utoipa::path(
    get,
    path = "/v1/metrics",
    tag = "metrics",
    operation_id = "list_metrics",
    responses((status = 200, description = "The catalogue", body = Catalogue)),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
) -> Result<HttpResponse, Error> {
    let own = dimensions::of(&api.control_plane.for_tenant(tenant.context())).await?;
    let known = scope::dimensions(&own, tenant.campaigns());
    let metrics = scope::metrics(tenant.campaigns()).into_iter();
    let data = metrics.map(|metric| MetricDefinition::of(metric, &known)).collect();
    let is_of_ads = |dimension: &&Dimension| of_ads((*dimension).clone()).is_ok();
    let known_of_ads = known.iter().filter(is_of_ads).map(|one| one.as_str().to_owned());
    let known_of_ads: Vec<_> = known_of_ads.collect();
    let attributed = Metric::ATTRIBUTED
        .into_iter()
        .map(|metric| MetricDefinition::attributed(metric, known_of_ads.clone()))
        .collect();
    Ok(HttpResponse::Ok().json(Catalogue { data, attributed }))
}

impl MetricDefinition {
    /// Returns the definition for a credential that may ask these dimensions.
    fn of(metric: Metric, known: &[Dimension]) -> Self {
        let fits = known.iter().filter(|dimension| metric.combines_with(dimension));
        let dimensions = fits.map(|dimension| dimension.as_str().to_owned()).collect();
        Self::new(metric.definition(), dimensions, vec![DECLARED])
    }

    /// Returns a metric of attribution for a credential that may ask these dimensions of ads.
    fn attributed(metric: Metric, dimensions: Vec<String>) -> Self {
        let models = AttributionModel::ALL.map(AttributionModel::as_str);
        Self::new(metric.definition(), dimensions, models.into())
    }

    fn new(
        definition: Definition,
        dimensions: Vec<String>,
        attributions: Vec<&'static str>,
    ) -> Self {
        let Definition { name, formula, unit, additivity, source } = definition;
        let granularities = Granularity::ALL.map(Granularity::as_str).into();
        Self { name, formula, unit, additivity, source, dimensions, granularities, attributions }
    }
}
