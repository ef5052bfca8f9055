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

/// A tenant that was just made, with its first keys and invitations, which are shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct OnboardedTenant {
    tenant: TenantView,
    /// The keys asked for.
    keys: Vec<MadeKey>,
    /// The invitations of the users asked for.
    users: Vec<MadeUser>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeKey {
    name: String,
    #[schema(value_type = schemas::ApiKeyKind)]
    kind: &'static str,
    /// The whole key.
    #[schema(value_type = schemas::ApiKeySecret)]
    key: String,
}

/// A user that was just invited.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeUser {
    email: String,
    #[schema(value_type = schemas::UserRole)]
    role: &'static str,
    invitation: Invitation,
}

/// Onboards a tenant: when this answers, it can send its first event.
///
/// The fields are those of `tenants/*.toml`, but for keys of kind `read`: an admin reads no tenant's
/// data, so an owner makes those. Each user sets a password at `POST /v1/auth/invitations/accept`.
/// A request that broke off can be repeated.
#[utoipa::path(
    post,
    path = "/v1/admin/tenants",
    tag = "admin",
    operation_id = "create_tenant",
    request_body = TenantFile,
    responses(
        (status = 201, description = "The tenant and its credentials", body = OnboardedTenant),
        (status = 409, description = "There is one with this id"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn create(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    Body(file): Body<TenantFile>,
) -> Result<HttpResponse, Error> {
    refuse_read_keys(&file)?;
    let onboarding =
        Onboarding::new(api.control_plane.clone(), api.warehouse.clone(), platform.context());
    let applied = onboarding.create(&file).await?;
    let id: ClientId = file.id.parse().map_err(Problem::internal)?;
    let stored = api.control_plane.for_platform(platform.context());
    let tenant = stored.tenant(&id).await.map_err(Failure::from)?;
    let tenant = tenant.ok_or_else(|| Problem::internal("the new tenant is not there"))?.into();
    let answer = with_credentials(tenant, applied.made);
    let location = format!("/v1/admin/tenants/{id}");
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(answer))
}

/// Whoever makes a key can use it.
fn refuse_read_keys(file: &TenantFile) -> Result<(), Problem> {
    let read = |kind: &str| kind == KeyKind::Read.as_str();
    match file.keys.iter().position(|key| read(&key.kind)) {
        Some(index) => Err(Problem::field(
            format!("/keys/{index}/kind"),
            "must be collect or import: a read key is the tenant's owner's to make",
        )),
        None => Ok(()),
    }
}

fn with_credentials(tenant: TenantView, made: Vec<Made>) -> OnboardedTenant {
    let (mut keys, mut users) = (Vec::new(), Vec::new());
    for made in made {
        match made {
            Made::Key { name, kind, key, .. } => {
                keys.push(MadeKey { name, kind: kind.as_str(), key: key.reveal() });
            }
            Made::Invitation { email, role, token, expires_at, .. } => {
                let invitation = Invitation::new(&token, expires_at);
                users.push(MadeUser { email, role: role.as_str(), invitation });
            }
            // No tenant has one.
            Made::Admin { .. } => {}
        }
    }
    OnboardedTenant { tenant, keys, users }
}
