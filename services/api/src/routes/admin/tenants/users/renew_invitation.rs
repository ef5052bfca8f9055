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

/// Makes a new invitation in place of the one that was lost or has expired, which is void from now
/// on.
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
        (status = 404, description = "Nobody of this id is invited: no such user, or one who has accepted"),
    ),
)]
pub(crate) async fn renew_invitation(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    ids: Path<(ClientId, Uuid)>,
) -> Result<HttpResponse, Error> {
    let (id, user_id) = ids.into_inner();
    let stored = api.control_plane.for_platform(platform.context());
    let keep = async |kept: &_| stored.renew_invitation(&id, user_id, kept).await;
    Ok(HttpResponse::Created().json(invitations::renew(Utc::now(), keep).await?))
}
