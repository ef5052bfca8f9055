use actix_web::{HttpResponse, web::Data};
use auth::{ManageUsers, SecondFactorStore};
use problem::Problem;
use web::{Body, Error, Tenant};

use super::Security;
use crate::{failure::Failure, sessions::user, state::Api};

/// Sets what the tenant requires of its users.
///
/// Owners without a second factor then neither log in nor continue a session until they have set one up.
/// Only an owner who has one can require it.
#[utoipa::path(
    put,
    path = "/v1/security",
    tag = "users",
    operation_id = "put_security",
    request_body = Security,
    responses(
        (status = 200, description = "What the tenant requires now", body = Security),
        (status = 422, description = "You have no second factor yourself"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    Body(security): Body<Security>,
) -> Result<HttpResponse, Error> {
    let needed = security.owners_need_second_factor;
    let own = api.control_plane.second_factor(user(tenant.principal())?).await;
    if needed && !own.map_err(Failure::from)?.is_some_and(|factor| factor.is_confirmed) {
        let reason = "must be false until you have set up a second factor yourself";
        return Err(Problem::field("/owners_need_second_factor", reason).into());
    }
    let actor = tenant.principal().subject.to_string();
    let stored = api.control_plane.for_tenant(tenant.context());
    let set = stored.set_owners_need_second_factor(&actor, needed).await;
    set.map_err(Failure::from)?;
    Ok(HttpResponse::Ok().json(security))
}
