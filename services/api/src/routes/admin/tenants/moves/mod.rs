//! `/v1/admin/tenants/{id}/move`.

use chrono::{DateTime, Utc};
use control_plane::{MoveStepRecord, TenantMove};
use serde::Serialize;
use tenancy::{ClientId, ClusterName, Isolation, MoveState, MoveStep, MoveWay, Placement};
use utoipa::ToSchema;

use crate::{schemas, step_view::StepView};

pub(crate) mod back_out;
pub(crate) mod begin;
pub(crate) mod show;

/// A move of a tenant's rows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MoveView {
    /// The tenant.
    #[schema(value_type = schemas::Slug)]
    tenant: ClientId,
    /// How far it is.
    #[schema(value_type = schemas::MoveState)]
    state: MoveState,
    /// Where the rows were before.
    from: PlaceView,
    /// Where they go.
    to: PlaceView,
    /// Who began it.
    begun_by: String,
    /// When it was begun.
    begun_at: DateTime<Utc>,
    /// When its last step finished.
    ended_at: Option<DateTime<Utc>>,
    /// Whether it can still be taken back.
    may_back_out: bool,
    /// Why it is taken back.
    back_reason: Option<String>,
    /// The steps, in order; if it is taken back, those that had begun and those of the way back.
    steps: Vec<StepView>,
}

/// A tier on a cluster.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlaceView {
    /// The tier.
    #[schema(value_type = schemas::IsolationTier)]
    isolation: Isolation,
    /// The ClickHouse cluster.
    #[schema(value_type = schemas::Slug)]
    cluster: ClusterName,
}

impl From<TenantMove> for MoveView {
    fn from(tenant_move: TenantMove) -> Self {
        let course = tenant_move.course();
        let forward = MoveStep::FORWARD.into_iter();
        let steps: Vec<_> = match tenant_move.way {
            MoveWay::Forward => forward.collect(),
            MoveWay::Back => {
                forward.filter(|step| course.has_begun(*step)).chain(MoveStep::BACK).collect()
            }
        };
        let steps = steps.into_iter().map(|step| step_view(step, tenant_move.step(step)));
        Self {
            state: tenant_move.state(),
            may_back_out: course.may_back_out(),
            steps: steps.collect(),
            tenant: tenant_move.client_id,
            from: tenant_move.from.into(),
            to: tenant_move.to.into(),
            begun_by: tenant_move.begun_by,
            begun_at: tenant_move.begun_at,
            ended_at: tenant_move.ended_at,
            back_reason: tenant_move.back_reason,
        }
    }
}

impl From<Placement> for PlaceView {
    fn from(placement: Placement) -> Self {
        Self { isolation: placement.isolation, cluster: placement.cluster }
    }
}

fn step_view(step: MoveStep, begun: Option<&MoveStepRecord>) -> StepView {
    match begun {
        Some(MoveStepRecord { started_at, finished_at, counts, .. }) => {
            StepView::begun(step.as_str(), *started_at, *finished_at, counts)
        }
        None => StepView::waiting(step.as_str()),
    }
}
