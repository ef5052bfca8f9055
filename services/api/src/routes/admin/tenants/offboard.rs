use std::time::Duration;

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use problem::{Code, Problem};
use serde::Deserialize;
use tenancy::ClientId;
use utoipa::ToSchema;
use web::{Body, Error, Platform};

use super::{existing, offboarding::OffboardingView};
use crate::{failure::Failure, names::StateReason, schemas, state::Api};

/// The grace period of an order that names none.
const GRACE_DAYS: u16 = 30;
/// The longest grace period.
const MOST_GRACE_DAYS: u16 = 365;

/// Why a tenant ends, and when it is erased.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OffboardingOrder {
    /// Shown to the tenant's owners.
    #[schema(value_type = schemas::StateReason)]
    reason: StateReason,
    /// For how many days the tenant can still read, export and be resumed. Default: 30.
    #[schema(maximum = 365)]
    grace_days: Option<u16>,
}

/// Begins the end of a tenant: it sends no more events, and may read and export until the grace period ends. A suspended
/// tenant stays suspended until then.
/// Then it is erased in every store, and its id is never used again.
///
/// `GET /v1/admin/tenants/{id}/offboarding` shows how far that is, and the receipt at its end.
/// `POST /v1/admin/tenants/{id}/resume` takes it back while the grace period lasts.
#[utoipa::path(
    delete,
    path = "/v1/admin/tenants/{id}",
    tag = "admin",
    operation_id = "offboard_tenant",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    request_body = OffboardingOrder,
    responses(
        (status = 202, description = "The offboarding", body = OffboardingView),
        (status = 404, description = "The tenant does not exist"),
        (status = 409, description = "The tenant is neither active nor suspended"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
    Body(order): Body<OffboardingOrder>,
) -> Result<HttpResponse, Error> {
    let days = order.grace_days.unwrap_or(GRACE_DAYS);
    if days > MOST_GRACE_DAYS {
        let reason = format!("must be 0 to {MOST_GRACE_DAYS} days");
        return Err(Problem::field("/grace_days", reason).into());
    }
    let stored = api.control_plane.for_platform(platform.context());
    existing(&stored, &id).await?;
    let grace = Duration::from_hours(24) * u32::from(days);
    let reason = order.reason.as_str();
    if !stored.begin_offboarding(&id, reason, grace).await.map_err(Failure::from)? {
        let detail = "Only an active or a suspended tenant can be offboarded.";
        return Err(Problem::new(Code::WrongState, detail).into());
    }
    let begun = stored.offboarding(&id).await.map_err(Failure::from)?;
    let begun = begun.ok_or_else(|| Problem::internal("the offboarding does not exist"))?;
    Ok(HttpResponse::Accepted().json(OffboardingView::from(begun)))
}
