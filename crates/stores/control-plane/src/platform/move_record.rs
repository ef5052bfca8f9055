use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use log::LogPlace;
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use tenancy::{ClientId, MoveCourse, MoveSide, MoveState, MoveStep, MoveWay, Placement};
use uuid::Uuid;

use super::tenants::placement;
use crate::{ControlPlaneError, pool::Transaction};

/// A move of a tenant's rows.
#[derive(Clone, Debug, PartialEq)]
pub struct TenantMove {
    /// Its id.
    pub move_id: Uuid,
    /// The tenant.
    pub client_id: ClientId,
    /// Where the rows were before.
    pub from: Placement,
    /// Where they go.
    pub to: Placement,
    /// The direction.
    pub way: MoveWay,
    /// Why it is taken back, if it is.
    pub back_reason: Option<String>,
    /// Who began it.
    pub begun_by: String,
    /// When it was begun.
    pub begun_at: DateTime<Utc>,
    /// When its last step finished.
    pub ended_at: Option<DateTime<Utc>>,
    /// The steps that have begun, in their order.
    pub steps: Vec<MoveStepRecord>,
}

/// A step of a move that has begun.
#[derive(Clone, Debug, PartialEq)]
pub struct MoveStepRecord {
    /// The step.
    pub step: MoveStep,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How far it is.
    pub counts: Value,
    /// Of a step that changes the route: the first place of each partition that is planned on the new one.
    pub places: Vec<LogPlace>,
    /// When it finished.
    pub finished_at: Option<DateTime<Utc>>,
}

impl TenantMove {
    /// Returns how far it is.
    pub fn course(&self) -> MoveCourse {
        let steps = self.steps.iter().map(|begun| (begun.step, begun.finished_at.is_some()));
        MoveCourse::new(self.way, steps)
    }

    /// Returns its state. It has ended only when that is recorded: until then the next one is refused.
    pub fn state(&self) -> MoveState {
        match (self.course().state(), self.ended_at) {
            (MoveState::Moved, None) => MoveState::Moving,
            (MoveState::BackedOut, None) => MoveState::BackingOut,
            (state, _) => state,
        }
    }

    /// Returns a step, if it has begun.
    pub fn step(&self, step: MoveStep) -> Option<&MoveStepRecord> {
        self.steps.iter().find(|begun| begun.step == step)
    }

    /// Returns the placement of a side.
    pub fn side(&self, side: MoveSide) -> &Placement {
        match side {
            MoveSide::Source => &self.from,
            MoveSide::Target => &self.to,
        }
    }
}

/// Returns the tenant's last move, under way or ended.
pub(super) async fn latest(
    transaction: &mut Transaction,
    client_id: &ClientId,
) -> Result<Option<TenantMove>, ControlPlaneError> {
    let row: Option<MoveRow> = sqlx::query_as(sql!("tenant_move/latest"))
        .bind(client_id.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
    Ok(with_steps(transaction, row.into_iter().collect()).await?.pop())
}

/// Returns the moves that have not ended, the oldest first.
pub(super) async fn under_way(
    transaction: &mut Transaction,
) -> Result<Vec<TenantMove>, ControlPlaneError> {
    let rows: Vec<MoveRow> =
        sqlx::query_as(sql!("tenant_move/under_way")).fetch_all(&mut *transaction).await?;
    with_steps(transaction, rows).await
}

async fn with_steps(
    transaction: &mut Transaction,
    rows: Vec<MoveRow>,
) -> Result<Vec<TenantMove>, ControlPlaneError> {
    let ids: Vec<_> = rows.iter().map(|row| row.move_id).collect();
    let steps: Vec<StepRow> =
        sqlx::query_as(sql!("tenant_move/steps")).bind(ids).fetch_all(transaction).await?;
    let mut by_move = BTreeMap::<_, Vec<_>>::new();
    for row in steps {
        by_move.entry(row.move_id).or_default().push(MoveStepRecord::try_from(row)?);
    }
    rows.into_iter()
        .map(|row| {
            let steps = by_move.remove(&row.move_id).unwrap_or_default();
            row.with(steps)
        })
        .collect()
}

#[derive(FromRow)]
struct MoveRow {
    move_id: Uuid,
    client_id: String,
    from_isolation: String,
    from_cluster: String,
    from_version: i32,
    to_isolation: String,
    to_cluster: String,
    way: String,
    back_reason: Option<String>,
    begun_by: String,
    begun_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct StepRow {
    move_id: Uuid,
    step: String,
    started_at: DateTime<Utc>,
    counts: Value,
    places: Json<Vec<LogPlace>>,
    finished_at: Option<DateTime<Utc>>,
}

impl MoveRow {
    fn with(self, steps: Vec<MoveStepRecord>) -> Result<TenantMove, ControlPlaneError> {
        let way = MoveWay::ALL.into_iter().find(|way| way.as_str() == self.way);
        let next_version = self.from_version.saturating_add(1);
        Ok(TenantMove {
            move_id: self.move_id,
            client_id: self.client_id.parse().map_err(ControlPlaneError::corrupt("client id"))?,
            from: placement((self.from_isolation, self.from_cluster, self.from_version))?,
            to: placement((self.to_isolation, self.to_cluster, next_version))?,
            way: way.ok_or_else(|| ControlPlaneError::corrupt("way")(self.way.as_str()))?,
            back_reason: self.back_reason,
            begun_by: self.begun_by,
            begun_at: self.begun_at,
            ended_at: self.ended_at,
            steps,
        })
    }
}

impl TryFrom<StepRow> for MoveStepRecord {
    type Error = ControlPlaneError;

    fn try_from(row: StepRow) -> Result<Self, ControlPlaneError> {
        let step = MoveStep::named(&row.step);
        Ok(Self {
            step: step.ok_or_else(|| ControlPlaneError::corrupt("step")(row.step.as_str()))?,
            started_at: row.started_at,
            counts: row.counts,
            places: row.places.0,
            finished_at: row.finished_at,
        })
    }
}
