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

/// Makes a new invitation in place of the one that was lost or has expired, which is void from now
/// on.
#[utoipa::path(
    post,
    path = "/v1/users/{id}/invitation",
    tag = "users",
    operation_id = "renew_invitation",
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = 201, description = "The new invitation", body = Invitation),
        (status = 404, description = "Nobody of this id is invited: no such user, or one who has accepted"),
    ),
)]
pub(crate) async fn renew_invitation(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let actor = tenant.principal().subject.to_string();
    let users = api.control_plane.for_tenant(tenant.context());
    let keep = async |kept: &_| users.renew_invitation(&actor, *id, kept).await;
    Ok(HttpResponse::Created().json(invitations::renew(Utc::now(), keep).await?))
}
