use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName, HeaderValue},
    web::{Data, Path},
};
use auth::{CampaignScope, ReadReports};
use chrono::Utc;
use tenancy::CampaignId;
use web::{Error, Query, Tenant};

use crate::{
    query::scope,
    reports::{MetricsAnswer, MetricsQuery},
    schemas,
    state::Api,
};

/// A client may keep an answer, but not use it without asking whether it is still the same.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("private, no-cache");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Returns a campaign's metrics over time.
///
/// `Server-Timing` names the sources of the numbers: `cache;desc=l1` from memory, else `redis`, `queue` and
/// `clickhouse` with their times. All return the same numbers. A client that sends the `ETag` of its last answer in `If-None-Match` gets 304, without
/// a body, while nothing but `as_of` has changed.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{id}/metrics",
    tag = "campaigns",
    operation_id = "campaign_metrics",
    params(
        ("id" = schemas::CampaignId, Path, description = "The campaign"),
        MetricsQuery,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer"),
    ),
    responses(
        (
            status = 200,
            description = "Totals and series",
            body = MetricsAnswer,
            headers(("ETag" = String, description = "Changes with the numbers")),
        ),
        (status = 304, description = "The numbers are those of the answer that `If-None-Match` names"),
        (status = 403, description = "The credential may see only some campaigns, and a metric depends on others"),
        (status = 404, description = "The campaign does not exist, or this credential may not see it"),
        (status = 422, description = "A parameter is not valid, or the events of the range are deleted; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<CampaignId>,
    http: HttpRequest,
    Query(query): Query<MetricsQuery>,
) -> Result<HttpResponse, Error> {
    let request = query.parse(tenant.context().time_zone(), Utc::now())?;
    api.campaigns.visible(tenant.context(), tenant.campaigns(), &id).await?;
    match tenant.campaigns() {
        CampaignScope::All => api.reports.still_known(tenant.context(), &request).await?,
        CampaignScope::Advertiser(_) | CampaignScope::Campaigns(_) => {
            scope::permitted(request.metrics.iter().copied(), [])?;
        }
    }
    let report = api.reports.campaign_metrics(tenant.context(), &id, request).await?;
    let is_known = report.answer.tag.is_known_to(&http);
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((SERVER_TIMING, report.server_timing))
        .insert_header((header::ETAG, report.answer.tag.header()))
        .insert_header((header::CACHE_CONTROL, CACHE_CONTROL));
    if is_known {
        return Ok(response.finish());
    }
    Ok(response.insert_header((header::CONTENT_TYPE, JSON)).body(report.answer.body.clone()))
}
