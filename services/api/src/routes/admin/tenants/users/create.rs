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

/// Invites a user of a tenant. Only this answer contains the invitation's token. Send it to the invited
/// person, who sets a password with it at `POST /v1/auth/invitations/accept`.
#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{id}/users",
    tag = "admin",
    operation_id = "create_tenant_user",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    request_body = UserOrder,
    responses(
        (status = 201, description = "The user, and the invitation", body = InvitedUser),
        (status = 404, description = "The tenant does not exist"),
        (status = 409, description = "A user of the tenant has the address"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
    Body(order): Body<UserOrder>,
) -> Result<HttpResponse, Error> {
    let stored = api.control_plane.for_platform(platform.context());
    existing(&stored, &id).await?;
    let invited =
        invite(order, Utc::now(), async |user, new| stored.invite_user(&id, user, new).await)
            .await?;
    Ok(HttpResponse::Created().json(invited))
}
