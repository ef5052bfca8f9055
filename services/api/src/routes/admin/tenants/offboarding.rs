use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use chrono::{DateTime, Utc};
use control_plane::{EraseReceipt, EraseStep, Offboarding, OffboardingStep};
use problem::Problem;
use serde::Serialize;
use tenancy::ClientId;
use utoipa::ToSchema;
use web::{Error, Platform};

use crate::{failure::Failure, schemas, state::Api, step_view::StepView};

/// The end of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OffboardingView {
    /// The tenant.
    #[schema(value_type = schemas::Slug)]
    tenant: ClientId,
    /// How far it is.
    state: OffboardingState,
    /// Why, for the tenant's owners.
    reason: String,
    /// Who began it.
    begun_by: String,
    /// When it was begun.
    begun_at: DateTime<Utc>,
    /// Until when the tenant can be resumed.
    grace_ends_at: DateTime<Utc>,
    /// Since when it is being erased.
    erasing_since: Option<DateTime<Utc>>,
    /// The stores, in the order in which they are erased.
    steps: Vec<StepView>,
    /// What was erased where; `null` until all is.
    receipt: Option<ReceiptView>,
}

/// How far the end of a tenant is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OffboardingState {
    /// The tenant may read and export, and can be resumed.
    Grace,
    /// Its data is being erased.
    Erasing,
    /// Nothing of it is left but what the receipt names.
    Erased,
}

/// What was erased.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceiptView {
    /// When the last store was erased.
    erased_at: DateTime<Utc>,
    /// A JSON document, as a text: the hash is of exactly these bytes.
    text: String,
    /// SHA-256 of the text, in hexadecimal.
    sha256: String,
}

impl From<EraseReceipt> for ReceiptView {
    fn from(receipt: EraseReceipt) -> Self {
        let EraseReceipt { erased_at, text, sha256 } = receipt;
        Self { erased_at, text, sha256: hex::encode(sha256) }
    }
}

impl From<Offboarding> for OffboardingView {
    fn from(offboarding: Offboarding) -> Self {
        let state = match (&offboarding.erasing_since, &offboarding.receipt) {
            (_, Some(_)) => OffboardingState::Erased,
            (Some(_), None) => OffboardingState::Erasing,
            (None, None) => OffboardingState::Grace,
        };
        let step = |step: EraseStep| match offboarding.step(step) {
            Some(OffboardingStep { started_at, finished_at, counts, .. }) => {
                StepView::begun(step.as_str(), *started_at, *finished_at, counts)
            }
            None => StepView::waiting(step.as_str()),
        };
        let steps = EraseStep::ALL.map(step).into();
        let receipt = offboarding.receipt.map(ReceiptView::from);
        Self {
            tenant: offboarding.client_id,
            state,
            reason: offboarding.reason,
            begun_by: offboarding.begun_by,
            begun_at: offboarding.begun_at,
            grace_ends_at: offboarding.grace_ends_at,
            erasing_since: offboarding.erasing_since,
            steps,
            receipt,
        }
    }
}

/// Shows how far the end of a tenant is, and the receipt once the tenant is erased.
#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{id}/offboarding",
    tag = "admin",
    operation_id = "show_offboarding",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    responses(
        (status = 200, description = "The offboarding", body = OffboardingView),
        (status = 404, description = "The tenant does not exist, or is not offboarded"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
) -> Result<HttpResponse, Error> {
    let stored = api.control_plane.for_platform(platform.context());
    let offboarding = stored.offboarding(&id).await.map_err(Failure::from)?;
    let offboarding = offboarding.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().json(OffboardingView::from(offboarding)))
}
