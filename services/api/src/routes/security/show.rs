use actix_web::{HttpResponse, web::Data};
use auth::{ManageUsers, SecondFactorStore};
use web::{Error, Tenant};

use super::Security;
use crate::{failure::Failure, state::Api};

/// Returns what the tenant requires of its users.
#[utoipa::path(
    get,
    path = "/v1/security",
    tag = "users",
    operation_id = "show_security",
    responses((status = 200, description = "What the tenant requires", body = Security)),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
) -> Result<HttpResponse, Error> {
    let client_id = tenant.context().client_id();
    let needed = api.control_plane.owners_need_second_factor(client_id).await;
    let owners_need_second_factor = needed.map_err(Failure::from)?;
    Ok(HttpResponse::Ok().json(Security { owners_need_second_factor }))
}
