use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use log::LogPlace;
use serde_json::{Value, json};
use sqlx::{FromRow, types::Json};
use tenancy::{
    ClientId, ClusterName, Isolation, MoveCourse, MoveRoute, MoveSide, MoveState, MoveStep,
    MoveWay, Placement, TenantState,
};
use uuid::Uuid;

use super::{
    TenantDetail,
    tenants::{TenantRow, placement},
};
use crate::{
    AuditEntry, ControlPlaneError, Group, PlatformControl, audit, ledger::columns,
    pool::Transaction,
};

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

/// What became of an order to move a tenant.
#[derive(Clone, Debug, PartialEq)]
pub enum BegunMove {
    /// It is under way.
    Begun(Box<TenantMove>),
    /// It was refused.
    Refused(MoveRefusal),
}

/// Why a tenant is not moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoveRefusal {
    /// It does not exist.
    UnknownTenant,
    /// It is not active.
    NotActive,
    /// It is being moved.
    UnderWay,
    /// Its rows are there.
    SamePlace,
    /// No cluster of that name is registered.
    UnknownCluster,
    /// The cluster takes no new tenants.
    Drained,
    /// Another tenant is on the cluster, which is to be the moved one's own.
    Occupied(ClientId),
    /// The cluster is another tenant's own.
    Owned(ClientId),
}

/// What became of an order to take a move back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackOut {
    /// It is being taken back.
    Begun,
    /// No move of the tenant is under way.
    NotUnderWay,
    /// Rows of the source are being removed: the move goes on.
    TooLate,
}

impl TenantMove {
    /// Returns how far it is.
    pub fn course(&self) -> MoveCourse {
        let steps = self.steps.iter().map(|begun| (begun.step, begun.finished_at.is_some()));
        MoveCourse::new(self.way, steps)
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

impl PlatformControl {
    /// Begins to move an active tenant to a tier on a cluster.
    pub async fn begin_move(
        &self,
        client_id: &ClientId,
        isolation: Isolation,
        cluster: &ClusterName,
    ) -> Result<BegunMove, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let locked = sqlx::query(sql!("tenant/lock")).bind(client_id.as_str());
        locked.execute(&mut transaction).await?;
        let found: Option<TenantRow> = sqlx::query_as(sql!("tenant/get"))
            .bind(client_id.as_str())
            .fetch_optional(&mut transaction)
            .await?;
        let found = found.map(TenantDetail::try_from).transpose()?;
        let Some(TenantDetail { record, .. }) = found else {
            return Ok(BegunMove::Refused(MoveRefusal::UnknownTenant));
        };
        if is_under_way(&mut transaction, client_id).await? {
            return Ok(BegunMove::Refused(MoveRefusal::UnderWay));
        }
        if record.state != TenantState::Active {
            return Ok(BegunMove::Refused(MoveRefusal::NotActive));
        }
        let from = record.placement;
        let route_version = from.route_version.saturating_add(1);
        let to = Placement { isolation, cluster: cluster.clone(), route_version };
        if let Some(refusal) = refusal(&mut transaction, client_id, &from, &to).await? {
            return Ok(BegunMove::Refused(refusal));
        }
        let move_id = Uuid::now_v7();
        sqlx::query(sql!("tenant_move/begin"))
            .bind(move_id)
            .bind(client_id.as_str())
            .bind(from.isolation.as_str())
            .bind(from.cluster.as_str())
            .bind(integer(from.route_version))
            .bind(to.isolation.as_str())
            .bind(to.cluster.as_str())
            .bind(self.actor())
            .execute(&mut transaction)
            .await?;
        let detail = json!({ "move": move_id, "from": place(&from), "to": place(&to) });
        self.note_move(&mut transaction, "tenant.move", client_id, detail).await?;
        let begun = latest(&mut transaction, client_id).await?;
        transaction.commit().await?;
        let begun = begun.ok_or_else(|| ControlPlaneError::corrupt("move")("it is not there"))?;
        Ok(BegunMove::Begun(Box::new(begun)))
    }

    /// Returns the tenant's last move, under way or ended.
    pub async fn latest_move(
        &self,
        client_id: &ClientId,
    ) -> Result<Option<TenantMove>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let found = latest(&mut transaction, client_id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Returns the moves that have not ended, the oldest first.
    pub async fn moves_under_way(&self) -> Result<Vec<TenantMove>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<MoveRow> =
            sqlx::query_as(sql!("tenant_move/under_way")).fetch_all(&mut transaction).await?;
        let moves = with_steps(&mut transaction, rows).await?;
        transaction.commit().await?;
        Ok(moves)
    }

    /// Takes the tenant's move back, unless rows of the source are being removed.
    pub async fn back_out_move(
        &self,
        client_id: &ClientId,
        reason: &str,
    ) -> Result<BackOut, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let found = latest(&mut transaction, client_id).await?;
        let Some(found) = found.filter(|found| found.ended_at.is_none()) else {
            return Ok(BackOut::NotUnderWay);
        };
        if found.way == MoveWay::Back {
            return Ok(BackOut::Begun);
        }
        // Whoever begins a step has this lock: the statement that follows sees the step.
        if !lock(&mut transaction, &found).await? {
            return Ok(BackOut::NotUnderWay);
        }
        let turned = sqlx::query(sql!("tenant_move/back_out"))
            .bind(found.move_id)
            .bind(reason)
            .execute(&mut transaction)
            .await?;
        if turned.rows_affected() == 0 {
            return Ok(BackOut::TooLate);
        }
        let detail = json!({ "move": found.move_id, "reason": reason });
        self.note_move(&mut transaction, "tenant.move_back_out", client_id, detail).await?;
        transaction.commit().await?;
        Ok(BackOut::Begun)
    }

    /// Records that a step begins. Returns `false` if it is not the next one any more: another process went on, or
    /// the move goes another way.
    pub async fn begin_move_step(
        &self,
        tenant_move: &TenantMove,
        step: MoveStep,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        if !lock_before(&mut transaction, tenant_move, step).await? {
            return Ok(false);
        }
        sqlx::query(sql!("tenant_move/begin_step"))
            .bind(tenant_move.move_id)
            .bind(step.as_str())
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Records how far a step is.
    pub async fn note_move_step(
        &self,
        tenant_move: &TenantMove,
        step: MoveStep,
        counts: &Value,
    ) -> Result<(), ControlPlaneError> {
        self.write_move_step(sql!("tenant_move/note"), tenant_move, step, counts).await
    }

    /// Records that a step has finished.
    pub async fn finish_move_step(
        &self,
        tenant_move: &TenantMove,
        step: MoveStep,
        counts: &Value,
    ) -> Result<(), ControlPlaneError> {
        self.write_move_step(sql!("tenant_move/finish_step"), tenant_move, step, counts).await
    }

    /// Sets the route of a step and finishes the step, or begins it if it is [`MoveStep::Clean`]: both or
    /// neither. Every batch of the topic that the store group plans later is based on the new route, and the
    /// step has the places where they begin. Returns `false` as [`Self::begin_move_step`]: a process that froze
    /// sets no route that a later step has replaced.
    pub async fn route_move(
        &self,
        tenant_move: &TenantMove,
        step: MoveStep,
        route: MoveRoute,
        topic: &str,
    ) -> Result<bool, ControlPlaneError> {
        let TenantMove { move_id, client_id, .. } = tenant_move;
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("session/short_lock")).execute(&mut transaction).await?;
        if !lock_before(&mut transaction, tenant_move, step).await? {
            return Ok(false);
        }
        // From here on nobody plans or advances, and the next statement sees all that was planned.
        sqlx::query(sql!("ledger/lock_leases")).execute(&mut transaction).await?;
        let unplanned: Vec<(i32, i32, i64)> = sqlx::query_as(sql!("ledger/unplanned"))
            .bind(Group::Store.as_str())
            .bind(topic)
            .fetch_all(&mut transaction)
            .await?;
        let places: Result<Vec<_>, _> = unplanned
            .into_iter()
            .map(|(generation, partition, next)| columns::place(generation, partition, next))
            .collect();
        let reads = tenant_move.side(route.reads);
        let other = match route.reads {
            MoveSide::Source => &tenant_move.to,
            MoveSide::Target => &tenant_move.from,
        };
        let mirror = route.mirrored.then_some(other);
        sqlx::query(sql!("placement/add"))
            .bind(client_id.as_str())
            .bind(reads.isolation.as_str())
            .bind(reads.cluster.as_str())
            .bind(mirror.map(|mirror| mirror.isolation.as_str()))
            .bind(mirror.map(|mirror| mirror.cluster.as_str()))
            .execute(&mut transaction)
            .await?;
        sqlx::query(sql!("tenant_move/route_step"))
            .bind(move_id)
            .bind(step.as_str())
            .bind(Json(places?))
            .bind(step != MoveStep::Clean)
            .execute(&mut transaction)
            .await?;
        let detail = json!({
            "move": move_id, "step": step, "reads": place(reads), "mirror": mirror.map(place),
        });
        self.note_move(&mut transaction, "tenant.route", client_id, detail).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Records that the last step of a move has finished.
    pub async fn end_move(&self, tenant_move: &TenantMove) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let ended = sqlx::query(sql!("tenant_move/end"))
            .bind(tenant_move.move_id)
            .execute(&mut transaction)
            .await?;
        if ended.rows_affected() == 1 {
            let state = tenant_move.course().state();
            let action = match state {
                MoveState::Moving | MoveState::Moved => "tenant.moved",
                MoveState::BackingOut | MoveState::BackedOut => "tenant.move_backed_out",
            };
            let detail = json!({ "move": tenant_move.move_id });
            self.note_move(&mut transaction, action, &tenant_move.client_id, detail).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn write_move_step(
        &self,
        sql: &'static str,
        tenant_move: &TenantMove,
        step: MoveStep,
        counts: &Value,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql)
            .bind(tenant_move.move_id)
            .bind(step.as_str())
            .bind(counts)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    async fn note_move(
        &self,
        transaction: &mut Transaction,
        action: &str,
        client_id: &ClientId,
        detail: Value,
    ) -> Result<(), ControlPlaneError> {
        let subject = client_id.as_str();
        let entry = AuditEntry { action, client_id: Some(client_id), subject, detail };
        audit::append(transaction, self.actor(), &entry).await
    }
}

/// Whether a move of the tenant has begun and not ended.
pub(super) async fn is_under_way(
    transaction: &mut Transaction,
    client_id: &ClientId,
) -> Result<bool, ControlPlaneError> {
    let asked = sqlx::query_scalar(sql!("tenant_move/is_under_way")).bind(client_id.as_str());
    Ok(asked.fetch_one(transaction).await?)
}

/// Returns why the tenant cannot be placed there.
async fn refusal(
    transaction: &mut Transaction,
    client_id: &ClientId,
    from: &Placement,
    to: &Placement,
) -> Result<Option<MoveRefusal>, ControlPlaneError> {
    let is_drained: Option<bool> = sqlx::query_scalar(sql!("cluster/is_drained"))
        .bind(to.cluster.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
    // A tier of its own database has the same tables on the same cluster, whether that is its own or not.
    if from.destination(client_id) == to.destination(client_id) {
        return Ok(Some(MoveRefusal::SamePlace));
    }
    match is_drained {
        None => return Ok(Some(MoveRefusal::UnknownCluster)),
        Some(true) => return Ok(Some(MoveRefusal::Drained)),
        Some(false) => {}
    }
    let neighbours: Vec<(String, String)> = sqlx::query_as(sql!("cluster/neighbours"))
        .bind(to.cluster.as_str())
        .bind(client_id.as_str())
        .fetch_all(transaction)
        .await?;
    for (other, tier) in neighbours {
        let other = other.parse().map_err(ControlPlaneError::corrupt("client id"))?;
        if to.isolation == Isolation::Dedicated {
            return Ok(Some(MoveRefusal::Occupied(other)));
        }
        if tier == Isolation::Dedicated.as_str() {
            return Ok(Some(MoveRefusal::Owned(other)));
        }
    }
    Ok(None)
}

/// Locks a move that is under way and still goes the way that the caller knows.
async fn lock(
    transaction: &mut Transaction,
    tenant_move: &TenantMove,
) -> Result<bool, ControlPlaneError> {
    let locked: Option<bool> = sqlx::query_scalar(sql!("tenant_move/lock"))
        .bind(tenant_move.move_id)
        .bind(tenant_move.way.as_str())
        .fetch_optional(transaction)
        .await?;
    Ok(locked.is_some())
}

/// Locks a move as [`lock`], if the step is its next one.
async fn lock_before(
    transaction: &mut Transaction,
    tenant_move: &TenantMove,
    step: MoveStep,
) -> Result<bool, ControlPlaneError> {
    if !lock(transaction, tenant_move).await? {
        return Ok(false);
    }
    // The steps that the caller knows may be older.
    let present = latest(transaction, &tenant_move.client_id).await?;
    Ok(present.is_some_and(|present| present.course().next() == Some(step)))
}

async fn latest(
    transaction: &mut Transaction,
    client_id: &ClientId,
) -> Result<Option<TenantMove>, ControlPlaneError> {
    let row: Option<MoveRow> = sqlx::query_as(sql!("tenant_move/latest"))
        .bind(client_id.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
    Ok(with_steps(transaction, row.into_iter().collect()).await?.pop())
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

/// The column of a route version.
fn integer(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

/// A placement, for the audit log.
fn place(placement: &Placement) -> Value {
    json!({ "isolation": placement.isolation, "cluster": placement.cluster })
}
