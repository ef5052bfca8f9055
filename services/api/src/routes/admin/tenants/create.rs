use actix_web::{HttpResponse, http::header, web::Data};
use auth::ManageTenants;
use problem::Problem;
use serde::Serialize;
use tenancy::ClientId;
use utoipa::ToSchema;
use web::{Body, Error, Platform};

use super::TenantView;
use crate::{
    failure::Failure,
    onboarding::{Made, Onboarding, TenantFile},
    state::Api,
};

/// A tenant that was just made, with its first credentials, which are shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct OnboardedTenant {
    tenant: TenantView,
    /// The keys asked for.
    keys: Vec<MadeKey>,
    /// The users asked for.
    users: Vec<MadeUser>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeKey {
    name: String,
    #[schema(example = "collect")]
    kind: &'static str,
    /// The whole key.
    key: String,
}

/// A user that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeUser {
    email: String,
    #[schema(example = "owner")]
    role: &'static str,
    /// The first password.
    password: String,
}

/// Onboards a tenant: when this answers, it can send its first event.
///
/// The fields are those of `tenants/*.toml`. A request that broke off can be repeated.
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

fn with_credentials(tenant: TenantView, made: Vec<Made>) -> OnboardedTenant {
    let (mut keys, mut users) = (Vec::new(), Vec::new());
    for made in made {
        match made {
            Made::Key { name, kind, key, .. } => {
                keys.push(MadeKey { name, kind: kind.as_str(), key: key.reveal() });
            }
            Made::User { email, role, password, .. } => {
                let password = password.reveal().to_owned();
                users.push(MadeUser { email, role: role.as_str(), password });
            }
        }
    }
    OnboardedTenant { tenant, keys, users }
}
