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

/// Replaces an invitation that was lost or has expired. The former one is no longer valid.
#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{id}/users/{user_id}/invitation",
    tag = "admin",
    operation_id = "renew_tenant_invitation",
    params(
        ("id" = schemas::Slug, Path, description = "The tenant"),
        ("user_id" = Uuid, Path, description = "The user"),
    ),
    responses(
        (status = 201, description = "The new invitation", body = Invitation),
        (status = 404, description = "The user does not exist, or has accepted the invitation"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    ids: Path<(ClientId, Uuid)>,
) -> Result<HttpResponse, Error> {
    let (id, user_id) = ids.into_inner();
    let stored = api.control_plane.for_platform(platform.context());
    let store = async |new: &_| stored.renew_invitation(&id, user_id, new).await;
    Ok(HttpResponse::Created().json(invitations::renew(Utc::now(), store).await?))
}
