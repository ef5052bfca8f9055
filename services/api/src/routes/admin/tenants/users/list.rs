use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use tenancy::ClientId;
use web::{Error, Platform};

use crate::{
    failure::Failure,
    pagination::Listing,
    routes::{admin::tenants::existing, users::User},
    schemas,
    state::Api,
};

/// Lists a tenant's users, by address, including users who have not yet accepted the invitation.
#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{id}/users",
    tag = "admin",
    operation_id = "list_tenant_users",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    responses(
        (status = 200, description = "Every user", body = Listing<User>),
        (status = 404, description = "The tenant does not exist"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
) -> Result<HttpResponse, Error> {
    let stored = api.control_plane.for_platform(platform.context());
    existing(&stored, &id).await?;
    let users = stored.users(&id).await.map_err(Failure::from)?;
    let data: Vec<_> = users.into_iter().map(User::from).collect();
    Ok(HttpResponse::Ok().json(Listing { data, next_cursor: None }))
}
