use actix_web::{HttpResponse, web::Data};
use auth::ManageTenants;
use chrono::Utc;
use control_plane::TenantDetail;
use problem::Problem;
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

/// What one tenant used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantUsage {
    /// The tenant.
    #[schema(value_type = schemas::Slug)]
    tenant: ClientId,
    #[serde(flatten)]
    usage: UsageAnswer,
}

/// Lists what each tenant used, by tenant and day of the tenant's clock. Tenants that are being provisioned or
/// erased are left out.
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
    let wanted = tenants.iter().filter(|tenant| is_wanted(tenant)).take(page.fetch().into());
    let mut listed = Vec::new();
    let now = Utc::now();
    for detail in wanted {
        let usage = usage::of_platform(&api, &stored, detail, &days, now).await?;
        listed.push(TenantUsage { tenant: detail.record.client_id.clone(), usage });
    }
    let path = format!("/v1/admin/usage{parameters}");
    Ok(page.answer(&path, listed, |usage| usage.tenant.to_string()))
}

/// Returns the parameters that the next page needs as well. Wrong ones are refused before.
fn parameters(tenant: Option<&str>, from: Option<&str>, to: Option<&str>) -> String {
    let named = [("tenant", tenant), ("from", from), ("to", to)];
    let named = named.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    let joined = named.collect::<Vec<_>>().join("&");
    if joined.is_empty() { joined } else { format!("?{joined}") }
}
