use serde_json::{Value, json};
use tenancy::{ClientId, ClusterName, Isolation, MoveWay, Placement, TenantState};
use uuid::Uuid;

use super::{
    TenantDetail, TenantMove,
    move_record::{latest, under_way},
    neighbours::{Neighbour, lock_cluster, neighbour},
    tenants::TenantRow,
};
use crate::{AuditEntry, ControlPlaneError, PlatformControl, audit, pool::Transaction};

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
    /// Another tenant keeps it from the cluster.
    Taken(Neighbour),
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
        let moves = under_way(&mut transaction).await?;
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
        // The process that begins a step has this lock: the statement that follows sees the step.
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

    pub(super) async fn note_move(
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
    let is_drained = lock_cluster(transaction, &to.cluster).await?;
    // A tier of its own database has the same tables on the same cluster, whether that is its own or not.
    if from.destination(client_id) == to.destination(client_id) {
        return Ok(Some(MoveRefusal::SamePlace));
    }
    match is_drained {
        None => return Ok(Some(MoveRefusal::UnknownCluster)),
        Some(true) => return Ok(Some(MoveRefusal::Drained)),
        Some(false) => {}
    }
    let taken = neighbour(transaction, client_id, to.isolation, &to.cluster).await?;
    Ok(taken.map(MoveRefusal::Taken))
}

/// Locks a move that is under way and still goes the way that the caller knows.
pub(super) async fn lock(
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

/// The column of a route version.
fn integer(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

/// A placement, for the audit log.
pub(super) fn place(placement: &Placement) -> Value {
    json!({ "isolation": placement.isolation, "cluster": placement.cluster })
}
