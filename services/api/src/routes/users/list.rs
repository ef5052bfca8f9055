use actix_web::{HttpResponse, web::Data};
use auth::ManageUsers;
use web::{Error, Tenant};

use super::User;
use crate::{failure::Failure, pagination::Listing, state::Api};

/// Lists the tenant's users, by address.
#[utoipa::path(
    get,
    path = "/v1/users",
    tag = "users",
    operation_id = "list_users",
    responses((status = 200, description = "Every user", body = Listing<User>)),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
) -> Result<HttpResponse, Error> {
    let users = api.control_plane.for_tenant(tenant.context()).users().await;
    let data: Vec<_> = users.map_err(Failure::from)?.into_iter().map(User::from).collect();
    Ok(HttpResponse::Ok().json(Listing { data, next_cursor: None }))
}
