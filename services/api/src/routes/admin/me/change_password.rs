use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::ManageAdminAccount;
use web::{Body, Error, Platform};

use crate::{
    routes::me::change_password::{PasswordChange, change_password},
    sessions::{TokenPair, user},
    state::Api,
};

/// Changes your password. All your sessions and tokens end within five seconds; the answer begins
/// another session.
#[utoipa::path(
    put,
    path = "/v1/admin/me/password",
    tag = "admin",
    operation_id = "change_admin_password",
    request_body = PasswordChange,
    responses(
        (status = 200, description = "A session", body = TokenPair),
        (status = 422, description = "The current password is wrong, or the other one too short or long"),
        (status = 429, description = "Too many attempts"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageAdminAccount>,
    api: Data<Api>,
    request: HttpRequest,
    Body(change): Body<PasswordChange>,
) -> Result<HttpResponse, Error> {
    change_password(&api, &request, user(platform.principal())?, change).await
}
