use actix_web::{HttpResponse, http::header, web::Data};
use auth::{KeyKind, ManageTenants};
use problem::Problem;
use serde::Serialize;
use tenancy::ClientId;
use utoipa::ToSchema;
use web::{Body, Error, Platform};

use super::TenantView;
use crate::{
    failure::Failure,
    invitations::Invitation,
    onboarding::{Made, Onboarding, TenantFile},
    schemas,
    state::Api,
};

/// A new tenant with its first keys and invitations, which are shown only in this answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct OnboardedTenant {
    tenant: TenantView,
    /// The requested keys.
    keys: Vec<MadeKey>,
    /// The invitations of the requested users.
    users: Vec<MadeUser>,
}

/// A new key.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeKey {
    name: String,
    #[schema(value_type = schemas::ApiKeyKind)]
    kind: &'static str,
    /// The whole key.
    #[schema(value_type = schemas::ApiKeySecret)]
    key: String,
}

/// A newly invited user.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeUser {
    email: String,
    #[schema(value_type = schemas::UserRole)]
    role: &'static str,
    invitation: Invitation,
}

/// Onboards a tenant, which can send events after this answer.
///
/// The fields are those of `tenants/*.toml`, without keys of kind `read`: an admin may not read a
/// tenant's data, so an owner creates these. Each user sets a password at
/// `POST /v1/auth/invitations/accept`. An interrupted request can be repeated.
#[utoipa::path(
    post,
    path = "/v1/admin/tenants",
    tag = "admin",
    operation_id = "create_tenant",
    request_body = TenantFile,
    responses(
        (status = 201, description = "The tenant and its credentials", body = OnboardedTenant),
        (status = 409, description = "A tenant with this id exists"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    Body(file): Body<TenantFile>,
) -> Result<HttpResponse, Error> {
    refuse_read_keys(&file)?;
    let onboarding =
        Onboarding::new(api.control_plane.clone(), api.warehouse.clone(), platform.context());
    let applied = onboarding.create(&file).await.map_err(Failure::from)?;
    let id: ClientId = file.id.parse().map_err(Problem::internal)?;
    let stored = api.control_plane.for_platform(platform.context());
    let tenant = stored.tenant(&id).await.map_err(Failure::from)?;
    let tenant = tenant.ok_or_else(|| Problem::internal("the new tenant does not exist"))?.into();
    let answer = with_credentials(tenant, applied.made);
    let location = format!("/v1/admin/tenants/{id}");
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(answer))
}

/// Refuses `read` keys: an admin who creates a key could use it.
fn refuse_read_keys(file: &TenantFile) -> Result<(), Problem> {
    let read = |kind: &str| kind == KeyKind::Read.as_str();
    match file.keys.iter().position(|key| read(&key.kind)) {
        Some(index) => Err(Problem::field(
            format!("/keys/{index}/kind"),
            "must be collect or import: only the tenant's owner may create a read key",
        )),
        None => Ok(()),
    }
}

fn with_credentials(tenant: TenantView, made: Vec<Made>) -> OnboardedTenant {
    let mut keys = Vec::new();
    let mut users = Vec::new();
    for made in made {
        match made {
            Made::Key { name, kind, key, .. } => {
                keys.push(MadeKey { name, kind: kind.as_str(), key: key.reveal() });
            }
            Made::Invitation { email, role, token, expires_at, .. } => {
                let invitation = Invitation::new(&token, expires_at);
                users.push(MadeUser { email, role: role.as_str(), invitation });
            }
            // A tenant has no platform admin.
            Made::Admin { .. } => {}
        }
    }
    OnboardedTenant { tenant, keys, users }
}
