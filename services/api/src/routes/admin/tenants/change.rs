use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use serde::Deserialize;
use tenancy::ClientId;
use utoipa::ToSchema;
use web::{Body, Error, Platform};

use super::{TenantView, existing};
use crate::{
    failure::Failure,
    onboarding::{LimitsFile, RetentionFile, changed_spec},
    schemas,
    state::Api,
};

/// The changes of a tenant. What is absent remains unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantChange {
    /// The limits.
    #[serde(default)]
    limits: LimitsFile,
    /// How long raw events are retained, in days.
    #[schema(minimum = 1, maximum = 36_500)]
    retention_days: Option<u32>,
    /// How long rollups of events are kept, in days; none are if it is not longer than `retention_days`.
    #[schema(minimum = 1, maximum = 36_500)]
    rollup_retention_days: Option<u32>,
}

/// Changes the limits and the retentions of a tenant, within seconds everywhere. The same fields in the
/// tenant's file change them when the file is applied. A quota that is `null` gets its default: most of
/// them are then removed, which a file cannot do.
#[utoipa::path(
    patch,
    path = "/v1/admin/tenants/{id}",
    tag = "admin",
    operation_id = "change_tenant",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    request_body = TenantChange,
    responses(
        (status = 200, description = "The changed tenant", body = TenantView),
        (status = 404, description = "The tenant does not exist"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
    Body(change): Body<TenantChange>,
) -> Result<HttpResponse, Error> {
    let stored = api.control_plane.for_platform(platform.context());
    let known = existing(&stored, &id).await?;
    let TenantChange { limits, retention_days, rollup_retention_days } = change;
    let retention = RetentionFile { retention_days, rollup_retention_days };
    let spec = changed_spec(&known, &limits, retention).map_err(Failure::from)?;
    stored.update_tenant(&spec).await.map_err(Failure::from)?;
    let tenant: TenantView = existing(&stored, &id).await?.into();
    Ok(HttpResponse::Ok().json(tenant))
}
