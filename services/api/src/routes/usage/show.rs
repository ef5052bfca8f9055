use actix_web::{HttpResponse, web::Data};
use auth::ReadUsage;
use chrono::Utc;
use web::{Error, Query, Tenant};

use crate::{
    state::Api,
    usage::{self, UsageAnswer, UsageDaysQuery},
};

/// Shows what the tenant used, by day of its own clock: events and rejects, exactly as they are stored, and
/// reports, streams and storage.
#[utoipa::path(
    get,
    path = "/v1/usage",
    tag = "usage",
    operation_id = "show_usage",
    params(UsageDaysQuery),
    responses(
        (status = 200, description = "Every day, and their totals", body = UsageAnswer),
        (status = 422, description = "A parameter is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadUsage>,
    api: Data<Api>,
    Query(query): Query<UsageDaysQuery>,
) -> Result<HttpResponse, Error> {
    let usage = usage::of_tenant(&api, tenant.context(), &query, Utc::now()).await?;
    Ok(HttpResponse::Ok().json(usage))
}
