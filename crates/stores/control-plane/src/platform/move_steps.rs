use serde_json::{Value, json};
use sqlx::types::Json;
use tenancy::{MoveRoute, MoveSide, MoveState, MoveStep};

use super::{
    TenantMove,
    move_record::latest,
    moves::{lock, place},
};
use crate::{ControlPlaneError, Group, PlatformControl, ledger::columns, pool::Transaction};

impl PlatformControl {
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
        let mut transaction = self.begin().await?;
        let note = sql!("tenant_move/note");
        write_move_step(&mut transaction, note, tenant_move, step, counts).await?;
        Ok(transaction.commit().await?)
    }

    /// Records that a step has finished. After the last one of either way, the other side has no row of the tenant, and
    /// is not one of its places any more.
    pub async fn finish_move_step(
        &self,
        tenant_move: &TenantMove,
        step: MoveStep,
        counts: &Value,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let finish = sql!("tenant_move/finish_step");
        let is_first = write_move_step(&mut transaction, finish, tenant_move, step, counts).await?;
        let emptied = match step {
            MoveStep::Clean => Some(&tenant_move.from),
            MoveStep::Remove => Some(&tenant_move.to),
            _ => None,
        };
        // A process that froze here may be late: the tenant may have come back since another one finished the step.
        if let Some(emptied) = emptied.filter(|_| is_first) {
            sqlx::query(sql!("placement/note_emptied"))
                .bind(tenant_move.client_id.as_str())
                .bind(emptied.isolation.as_str())
                .bind(emptied.cluster.as_str())
                .execute(&mut transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
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
}

/// Writes the counts of a step that has not finished. Returns whether there is such a step.
async fn write_move_step(
    transaction: &mut Transaction,
    sql: &'static str,
    tenant_move: &TenantMove,
    step: MoveStep,
    counts: &Value,
) -> Result<bool, ControlPlaneError> {
    let written = sqlx::query(sql)
        .bind(tenant_move.move_id)
        .bind(step.as_str())
        .bind(counts)
        .execute(transaction)
        .await?;
    Ok(written.rows_affected() == 1)
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
