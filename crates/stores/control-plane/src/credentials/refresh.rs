use auth::{
    ContinuedSession, NewRefreshToken, NewSession, Rotation, SecretHash, StoredUser, UnspentSession,
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::users::UserRow;
use crate::{ControlPlane, ControlPlaneError, pool::Transaction};

#[derive(FromRow)]
struct PresentedRow {
    family_id: Uuid,
    ends_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
    successor_sealed: Option<Vec<u8>>,
    is_repeated: bool,
    #[sqlx(flatten)]
    user: UserRow,
}

#[derive(FromRow)]
struct UnspentRow {
    family_id: Uuid,
    #[sqlx(flatten)]
    user: UserRow,
}

#[derive(FromRow)]
struct ReusedRow {
    user_id: Uuid,
    client_id: Option<String>,
}

pub(super) async fn begin(
    control_plane: &ControlPlane,
    session: &NewSession,
    token: &NewRefreshToken,
) -> Result<bool, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let begun = sqlx::query(sql!("refresh_family/create"))
        .bind(session.id)
        .bind(session.user_id)
        .bind(token.issued_at)
        .bind(session.ends_at)
        .bind(session.address.to_string())
        .bind(&session.user_agent)
        .bind(session.password.as_str())
        .execute(&mut transaction)
        .await?;
    if begun.rows_affected() == 0 {
        return Ok(false);
    }
    create(&mut transaction, session.id, token, session.ends_at).await?;
    // After the user's row is locked, in the order in which a change of the password locks them.
    sqlx::query(sql!("refresh_family/prune"))
        .bind(session.user_id)
        .bind(token.issued_at)
        .execute(&mut transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

pub(super) async fn unspent(
    control_plane: &ControlPlane,
    presented: &SecretHash,
    now: DateTime<Utc>,
) -> Result<Option<UnspentSession>, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let row: Option<UnspentRow> = sqlx::query_as(sql!("refresh_token/unspent"))
        .bind(&presented.as_bytes()[..])
        .bind(now)
        .fetch_optional(&mut transaction)
        .await?;
    transaction.commit().await?;
    row.map(|UnspentRow { family_id, user }| {
        Ok(UnspentSession { id: family_id, user: user.try_into()? })
    })
    .transpose()
}

pub(super) async fn rotate(
    control_plane: &ControlPlane,
    presented: &SecretHash,
    successor: &NewRefreshToken,
    sealed: &[u8],
) -> Result<Rotation, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let row: Option<PresentedRow> = sqlx::query_as(sql!("refresh_token/present"))
        .bind(&presented.as_bytes()[..])
        .bind(successor.issued_at)
        .fetch_optional(&mut transaction)
        .await?;
    let rotation = match row {
        Some(row) if row.used_at.is_none() => {
            spend(&mut transaction, presented, row, successor, sealed).await?
        }
        Some(row) if row.is_repeated => repeat(row, successor)?,
        _ => revoke_reused(&mut transaction, presented, successor.issued_at).await?,
    };
    transaction.commit().await?;
    Ok(rotation)
}

async fn spend(
    transaction: &mut Transaction,
    presented: &SecretHash,
    row: PresentedRow,
    successor: &NewRefreshToken,
    sealed: &[u8],
) -> Result<Rotation, ControlPlaneError> {
    sqlx::query(sql!("refresh_token/spend"))
        .bind(&presented.as_bytes()[..])
        .bind(successor.issued_at)
        .bind(sealed)
        .bind(&successor.hash.as_bytes()[..])
        .execute(&mut *transaction)
        .await?;
    sqlx::query(sql!("refresh_family/touch"))
        .bind(row.family_id)
        .bind(successor.issued_at)
        .execute(&mut *transaction)
        .await?;
    create(transaction, row.family_id, successor, row.ends_at).await?;
    Ok(Rotation::Rotated(Box::new(ContinuedSession {
        id: row.family_id,
        user: row.user.try_into()?,
        expires_at: successor.expires_at.min(row.ends_at),
        ends_at: row.ends_at,
    })))
}

/// Repeats the answer from when the token was spent.
fn repeat(row: PresentedRow, repeated: &NewRefreshToken) -> Result<Rotation, ControlPlaneError> {
    let (Some(used_at), Some(sealed)) = (row.used_at, row.successor_sealed) else {
        // An earlier build spent it, and kept no successor.
        return Ok(Rotation::Refused);
    };
    let lifetime = repeated.expires_at - repeated.issued_at;
    let session = ContinuedSession {
        id: row.family_id,
        user: StoredUser::try_from(row.user)?,
        expires_at: (used_at + lifetime).min(row.ends_at),
        ends_at: row.ends_at,
    };
    Ok(Rotation::Repeated(Box::new(session), sealed))
}

async fn revoke_reused(
    transaction: &mut Transaction,
    presented: &SecretHash,
    now: DateTime<Utc>,
) -> Result<Rotation, ControlPlaneError> {
    let reused: Option<ReusedRow> = sqlx::query_as(sql!("refresh_family/revoke_reused"))
        .bind(&presented.as_bytes()[..])
        .bind(now)
        .fetch_optional(transaction)
        .await?;
    let Some(ReusedRow { user_id, client_id }) = reused else {
        return Ok(Rotation::Refused);
    };
    let client_id = client_id.as_deref().map(str::parse).transpose();
    let client_id = client_id.map_err(ControlPlaneError::corrupt("client id"))?;
    Ok(Rotation::Reused { user_id, client_id })
}

pub(super) async fn revoke(
    control_plane: &ControlPlane,
    presented: &SecretHash,
    now: DateTime<Utc>,
) -> Result<(), ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    sqlx::query(sql!("refresh_family/revoke"))
        .bind(&presented.as_bytes()[..])
        .bind(now)
        .execute(&mut transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// Stores a token, which expires with its session at the latest.
async fn create(
    transaction: &mut Transaction,
    family_id: Uuid,
    token: &NewRefreshToken,
    ends_at: DateTime<Utc>,
) -> Result<(), ControlPlaneError> {
    sqlx::query(sql!("refresh_token/create"))
        .bind(&token.hash.as_bytes()[..])
        .bind(family_id)
        .bind(token.issued_at)
        .bind(token.expires_at.min(ends_at))
        .execute(transaction)
        .await?;
    Ok(())
}
