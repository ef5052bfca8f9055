use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use serde::Serialize;
use tenancy::ClientId;
use utoipa::ToSchema;
use web::{Error, Platform};

use super::{TenantView, existing};
use crate::{failure::Failure, routes::advertisers::Advertiser, schemas, state::Api};

/// A tenant and its advertisers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantDetails {
    #[serde(flatten)]
    tenant: TenantView,
    /// Its advertisers, by id.
    advertisers: Vec<Advertiser>,
}

/// Shows one tenant.
#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{id}",
    tag = "admin",
    operation_id = "show_tenant",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    responses(
        (status = 200, description = "The tenant", body = TenantDetails),
        (status = 404, description = "The tenant does not exist"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
) -> Result<HttpResponse, Error> {
    let stored = api.control_plane.for_platform(platform.context());
    let tenant = existing(&stored, &id).await?.into();
    let inventory = stored.inventory(&id, &[]).await.map_err(Failure::from)?;
    let advertisers = inventory.advertisers.into_iter().map(Advertiser::from).collect();
    Ok(HttpResponse::Ok().json(TenantDetails { tenant, advertisers }))
}
