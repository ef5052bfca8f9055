use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use control_plane::{BegunMove, MoveRefusal};
use problem::{Code, Problem};
use serde::Deserialize;
use tenancy::{ClientId, ClusterName, Isolation};
use utoipa::ToSchema;
use web::{Body, Error, Platform};

use super::MoveView;
use crate::{failure::Failure, schemas, state::Api};

/// Where a tenant is moved to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveOrder {
    /// The tier.
    #[schema(value_type = schemas::IsolationTier)]
    isolation: Isolation,
    /// The ClickHouse cluster. A dedicated tenant needs one of its own.
    #[schema(value_type = schemas::Slug)]
    cluster: ClusterName,
}

/// Begins to move a tenant to a tier on a cluster, while it sends and reads as before.
///
/// The processors do the work, step by step: new rows go to both places, the earlier ones are copied and compared,
/// then reads go to the new place, and after a grace the old one loses the rows. Every answer is right at every moment.
/// `GET /v1/admin/tenants/{id}/move` shows how far that is. `POST /v1/admin/tenants/{id}/move/back-out` takes it back
/// until the old rows are removed.
#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{id}/move",
    tag = "admin",
    operation_id = "move_tenant",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    request_body = MoveOrder,
    responses(
        (status = 202, description = "The move", body = MoveView),
        (status = 404, description = "The tenant does not exist"),
        (status = 409, description = "The tenant is not active, or is being moved"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
    Body(order): Body<MoveOrder>,
) -> Result<HttpResponse, Error> {
    let stored = api.control_plane.for_platform(platform.context());
    let begun = stored.begin_move(&id, order.isolation, &order.cluster).await;
    match begun.map_err(Failure::from)? {
        BegunMove::Begun(tenant_move) => {
            Ok(HttpResponse::Accepted().json(MoveView::from(*tenant_move)))
        }
        BegunMove::Refused(refusal) => Err(problem(&refusal).into()),
    }
}

fn problem(refusal: &MoveRefusal) -> Problem {
    match refusal {
        MoveRefusal::UnknownTenant => Problem::not_found(),
        MoveRefusal::NotActive | MoveRefusal::UnderWay => {
            Problem::new(Code::WrongState, format!("The tenant is not moved: {refusal}."))
        }
        MoveRefusal::SamePlace
        | MoveRefusal::UnknownCluster
        | MoveRefusal::Drained
        | MoveRefusal::Taken(_) => Problem::field("/cluster", refusal.to_string()),
    }
}
