use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageUsers;
use chrono::Utc;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{
    invitations::{self, Invitation},
    state::Api,
};

/// Replaces an invitation that was lost or has expired. The former one is no longer valid.
#[utoipa::path(
    post,
    path = "/v1/users/{id}/invitation",
    tag = "users",
    operation_id = "renew_invitation",
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = 201, description = "The new invitation", body = Invitation),
        (status = 404, description = "The user does not exist, or has accepted the invitation"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let actor = tenant.principal().subject.to_string();
    let users = api.control_plane.for_tenant(tenant.context());
    let store = async |new: &_| users.renew_invitation(&actor, *id, new).await;
    Ok(HttpResponse::Created().json(invitations::renew(Utc::now(), store).await?))
}
