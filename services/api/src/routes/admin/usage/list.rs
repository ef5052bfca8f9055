use actix_web::{HttpResponse, web::Data};
use auth::ManageTenants;
use chrono::{DateTime, Utc};
use control_plane::{PlatformControl, TenantDetail};
use futures::{StreamExt, TryStreamExt, stream};
use problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use tenancy::{ClientId, TenantState};
use utoipa::{IntoParams, ToSchema};
use web::{Error, Platform, Query};

use crate::{
    failure::Failure,
    pagination::{Listing, PageQuery},
    schemas,
    state::Api,
    usage::{self, UsageAnswer, UsageDaysQuery},
};

/// Whose usage to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TenantsUsageQuery {
    /// Only this tenant.
    #[param(value_type = Option<schemas::Slug>)]
    tenant: Option<String>,
    /// The first day, on each tenant's clock. Default: 29 days before `to`.
    #[param(value_type = Option<String>, format = Date, example = "2026-03-01")]
    from: Option<String>,
    /// The last day, which is counted, too. Default: today. At most 92 days are counted.
    #[param(value_type = Option<String>, format = Date, example = "2026-03-31")]
    to: Option<String>,
    /// How many tenants at most: 1 to 500, 50 when absent.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    #[param(value_type = Option<schemas::Cursor>)]
    cursor: Option<String>,
}

/// How many tenants are asked about at once.
const AT_ONCE: usize = 8;

/// What one tenant used, or that this is not known now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum TenantUsage {
    /// What it used.
    Known(KnownUsage),
    /// A store that counts it does not answer. The other tenants are listed all the same.
    Unavailable(UnavailableUsage),
}

/// What one tenant used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KnownUsage {
    /// The tenant.
    #[schema(value_type = schemas::Slug)]
    tenant: ClientId,
    #[serde(flatten)]
    usage: UsageAnswer,
}

/// A tenant of which it is not known now what it used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnavailableUsage {
    /// The tenant.
    #[schema(value_type = schemas::Slug)]
    tenant: ClientId,
    /// Always `true`.
    unavailable: bool,
}

/// Lists what each tenant used, by tenant and day of the tenant's clock. Tenants that are being provisioned or
/// erased are left out. A tenant whose cluster does not answer is listed with `unavailable`.
#[utoipa::path(
    get,
    path = "/v1/admin/usage",
    tag = "admin",
    operation_id = "list_usage",
    params(TenantsUsageQuery),
    responses(
        (status = 200, description = "A page of tenants", body = Listing<TenantUsage>),
        (status = 422, description = "A parameter is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    Query(query): Query<TenantsUsageQuery>,
) -> Result<HttpResponse, Error> {
    let TenantsUsageQuery { tenant, from, to, limit, cursor } = query;
    let parameters = parameters(tenant.as_deref(), from.as_deref(), to.as_deref());
    let only = tenant.map(|id| id.parse::<ClientId>()).transpose();
    let only = only.map_err(|error| Problem::field("?tenant", error.to_string()))?;
    let days = UsageDaysQuery::new(from, to);
    let page = PageQuery::new(limit, cursor).parse()?;
    let stored = api.control_plane.for_platform(platform.context());
    let tenants = stored.tenants().await.map_err(Failure::from)?;
    let is_wanted = |tenant: &TenantDetail| {
        let record = &tenant.record;
        let has_tables = !matches!(record.state, TenantState::Provisioning | TenantState::Erasing);
        has_tables
            && only.as_ref().is_none_or(|only| *only == record.client_id)
            && page.after.as_deref().is_none_or(|after| record.client_id.as_str() > after)
    };
    let mut wanted: Vec<_> = tenants.iter().filter(|tenant| is_wanted(tenant)).collect();
    let has_more = wanted.len() > usize::from(page.limit);
    wanted.truncate(page.limit.into());
    let now = Utc::now();
    let asked = wanted.iter().map(|tenant| of_tenant(&api, &stored, tenant, &days, now));
    let listed: Vec<TenantUsage> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    let last = wanted.last().filter(|_| has_more);
    let last = last.map(|tenant| tenant.record.client_id.as_str());
    Ok(page.answer_with(&format!("/v1/admin/usage{parameters}"), listed, last))
}

async fn of_tenant(
    api: &Api,
    stored: &PlatformControl,
    detail: &TenantDetail,
    days: &UsageDaysQuery,
    now: DateTime<Utc>,
) -> Result<TenantUsage, Problem> {
    let tenant = detail.record.client_id.clone();
    let usage = usage::of_platform(api, stored, detail, days, now).await;
    match usage.map_err(Problem::from) {
        Ok(usage) => Ok(TenantUsage::Known(KnownUsage { tenant, usage })),
        Err(problem) if problem.code() == Code::Unavailable => {
            tracing::warn!(client_id = %tenant, error = %problem, "the usage of a tenant is unavailable");
            Ok(TenantUsage::Unavailable(UnavailableUsage { tenant, unavailable: true }))
        }
        Err(problem) => Err(problem),
    }
}

/// Returns the parameters that the next page needs as well. Wrong ones are refused before.
fn parameters(tenant: Option<&str>, from: Option<&str>, to: Option<&str>) -> String {
    let named = [("tenant", tenant), ("from", from), ("to", to)];
    let named = named.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    let joined = named.collect::<Vec<_>>().join("&");
    if joined.is_empty() { joined } else { format!("?{joined}") }
}
