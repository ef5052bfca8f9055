use auth::{NewRefreshToken, Rotation, SecretHash, StoredUser};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::users::UserRow;
use crate::{ControlPlane, ControlPlaneError, pool::Transaction};

#[derive(FromRow)]
struct SpentRow {
    family_id: Uuid,
    #[sqlx(flatten)]
    user: UserRow,
}

pub(super) async fn start(
    control_plane: &ControlPlane,
    user_id: Uuid,
    token: &NewRefreshToken,
) -> Result<(), ControlPlaneError> {
    let family_id = Uuid::now_v7();
    let mut transaction = control_plane.begin_platform().await?;
    sqlx::query(sql!("refresh_family/prune"))
        .bind(user_id)
        .bind(token.issued_at)
        .execute(&mut transaction)
        .await?;
    sqlx::query(sql!("refresh_family/create"))
        .bind(family_id)
        .bind(user_id)
        .bind(token.issued_at)
        .execute(&mut transaction)
        .await?;
    create(&mut transaction, family_id, token).await?;
    Ok(transaction.commit().await?)
}

pub(super) async fn rotate(
    control_plane: &ControlPlane,
    presented: &SecretHash,
    successor: &NewRefreshToken,
) -> Result<Rotation, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let spent: Option<SpentRow> = sqlx::query_as(sql!("refresh_token/spend"))
        .bind(&presented.as_bytes()[..])
        .bind(successor.issued_at)
        .fetch_optional(&mut transaction)
        .await?;
    let rotation = match spent {
        Some(SpentRow { family_id, user }) => {
            create(&mut transaction, family_id, successor).await?;
            Rotation::Rotated(Box::new(StoredUser::try_from(user)?))
        }
        None => {
            let reused: Option<Uuid> = sqlx::query_scalar(sql!("refresh_family/revoke_reused"))
                .bind(&presented.as_bytes()[..])
                .bind(successor.issued_at)
                .fetch_optional(&mut transaction)
                .await?;
            reused.map_or(Rotation::Refused, |user_id| Rotation::Reused { user_id })
        }
    };
    transaction.commit().await?;
    Ok(rotation)
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

async fn create(
    transaction: &mut Transaction,
    family_id: Uuid,
    token: &NewRefreshToken,
) -> Result<(), ControlPlaneError> {
    sqlx::query(sql!("refresh_token/create"))
        .bind(&token.hash.as_bytes()[..])
        .bind(family_id)
        .bind(token.issued_at)
        .bind(token.expires_at)
        .execute(transaction)
        .await?;
    Ok(())
}
