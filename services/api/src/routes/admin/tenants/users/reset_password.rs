use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use chrono::Utc;
use tenancy::ClientId;
use uuid::Uuid;
use web::{Error, Platform};

use crate::{
    invitations::{self, Invitation},
    schemas,
    state::Api,
};

/// Resets the password of a tenant's owner. An owner resets those of the other users.
///
/// Send the token to the owner, who sets another password with it at
/// `POST /v1/auth/invitations/accept`. It is valid once, for a day. The reset is in the audit log of
/// the tenant.
#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{id}/users/{user_id}/password-reset",
    tag = "admin",
    operation_id = "reset_owner_password",
    params(
        ("id" = schemas::Slug, Path, description = "The tenant"),
        ("user_id" = Uuid, Path, description = "The owner"),
    ),
    responses(
        (status = 201, description = "The token of the reset", body = Invitation),
        (status = 404, description = "The user does not exist, is no owner, has not joined yet, or is disabled"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    ids: Path<(ClientId, Uuid)>,
) -> Result<HttpResponse, Error> {
    let (id, user_id) = ids.into_inner();
    let stored = api.control_plane.for_platform(platform.context());
    let store = async |new: &_| stored.reset_owner_password(&id, user_id, new).await;
    Ok(HttpResponse::Created().json(invitations::reset(Utc::now(), store).await?))
}
