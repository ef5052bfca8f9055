use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use problem::{Code, Problem};
use serde::Deserialize;
use tenancy::ClientId;
use utoipa::ToSchema;
use web::{Body, Error, Platform};

use super::{TenantView, existing};
use crate::{failure::Failure, names::StateReason, schemas, state::Api};

/// Why a tenant is suspended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suspension {
    /// Shown to the tenant's owners.
    #[schema(value_type = schemas::StateReason)]
    reason: StateReason,
}

/// Suspends a tenant: within five seconds, its events are refused with 403 `tenant_suspended`, and its
/// reads and live streams end.
///
/// What it sent before is processed to the end, and its data is retained. Its access tokens are revoked; its
/// API keys work again when it is resumed. A repeated request changes the reason.
#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{id}/suspend",
    tag = "admin",
    operation_id = "suspend_tenant",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    request_body = Suspension,
    responses(
        (status = 200, description = "The suspended tenant", body = TenantView),
        (status = 404, description = "The tenant does not exist"),
        (status = 409, description = "The tenant is not active"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
    Body(order): Body<Suspension>,
) -> Result<HttpResponse, Error> {
    let stored = api.control_plane.for_platform(platform.context());
    existing(&stored, &id).await?;
    let reason = order.reason.as_str();
    if !stored.suspend_tenant(&id, reason).await.map_err(Failure::from)? {
        let detail = "Only an active tenant can be suspended.";
        return Err(Problem::new(Code::WrongState, detail).into());
    }
    let tenant: TenantView = existing(&stored, &id).await?.into();
    Ok(HttpResponse::Ok().json(tenant))
}
