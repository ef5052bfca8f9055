use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use chrono::Utc;
use tenancy::CampaignId;
use web::{Error, Query, Tenant};

use crate::{
    reports::{MetricsAnswer, MetricsQuery},
    schemas,
    state::Api,
};

/// Returns a campaign's metrics over time.
///
/// `Server-Timing` names the sources of the numbers: `cache`, `redis`, `clickhouse`. All return the
/// same numbers.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{id}/metrics",
    tag = "campaigns",
    operation_id = "campaign_metrics",
    params(("id" = schemas::CampaignId, Path, description = "The campaign"), MetricsQuery),
    responses(
        (status = 200, description = "Totals and series", body = MetricsAnswer),
        (status = 404, description = "The campaign does not exist, or this credential may not see it"),
        (status = 422, description = "A parameter is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<CampaignId>,
    Query(query): Query<MetricsQuery>,
) -> Result<HttpResponse, Error> {
    let request = query.parse(tenant.context().time_zone(), Utc::now())?;
    api.campaigns.visible(tenant.context(), tenant.campaigns(), &id).await?;
    let report = api.reports.campaign_metrics(tenant.context(), &id, request).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("Server-Timing", report.server_timing))
        .content_type("application/json")
        .body(report.body))
}
