use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use problem::{Code, Problem};
use tenancy::ClientId;
use web::{Error, Platform};

use super::{TenantView, existing};
use crate::{failure::Failure, schemas, state::Api};

/// Resumes a suspended tenant, or one whose grace period after the offboarding has not ended. The latter is suspended
/// again if it was before.
///
/// Its API keys are valid again; its users log in again after a suspension.
#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{id}/resume",
    tag = "admin",
    operation_id = "resume_tenant",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    responses(
        (status = 200, description = "The tenant: active, or suspended as before its offboarding", body = TenantView),
        (status = 404, description = "The tenant does not exist"),
        (status = 409, description = "The tenant is neither suspended nor within its grace period"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
) -> Result<HttpResponse, Error> {
    let stored = api.control_plane.for_platform(platform.context());
    existing(&stored, &id).await?;
    if !stored.resume_tenant(&id).await.map_err(Failure::from)? {
        let detail = "Only a tenant that is suspended or within its grace period can be resumed.";
        return Err(Problem::new(Code::WrongState, detail).into());
    }
    let tenant: TenantView = existing(&stored, &id).await?.into();
    Ok(HttpResponse::Ok().json(tenant))
}
