use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use chrono::Utc;
use tenancy::ClientId;
use web::{Body, Error, Platform};

use crate::{
    routes::{
        admin::tenants::existing,
        users::create::{InvitedUser, UserOrder, invite},
    },
    schemas,
    state::Api,
};

/// Invites a user of a tenant. The answer is the only one that holds the invitation's token: hand it
/// on, and the invited person sets a password with it at `POST /v1/auth/invitations/accept`, which
/// you never see.
#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{id}/users",
    tag = "admin",
    operation_id = "create_tenant_user",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    request_body = UserOrder,
    responses(
        (status = 201, description = "The user, and the invitation", body = InvitedUser),
        (status = 404, description = "There is no such tenant"),
        (status = 409, description = "The address is in use"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn create(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
    Body(order): Body<UserOrder>,
) -> Result<HttpResponse, Error> {
    let stored = api.control_plane.for_platform(platform.context());
    existing(&stored, &id).await?;
    let invited =
        invite(order, Utc::now(), async |user, kept| stored.invite_user(&id, user, kept).await)
            .await?;
    Ok(HttpResponse::Created().json(invited))
}
