use auth::{PasswordHash, SecretHash, StoredInvitation, StoredUser};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::users::UserRow;
use crate::{ControlPlane, ControlPlaneError};

#[derive(FromRow)]
struct InvitationRow {
    expires_at: DateTime<Utc>,
    is_reset: bool,
    #[sqlx(flatten)]
    user: UserRow,
}

pub(super) async fn find(
    control_plane: &ControlPlane,
    token: &SecretHash,
) -> Result<Option<StoredInvitation>, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let row: Option<InvitationRow> = sqlx::query_as(sql!("invitation/get"))
        .bind(&token.as_bytes()[..])
        .fetch_optional(&mut transaction)
        .await?;
    transaction.commit().await?;
    row.map(|InvitationRow { expires_at, is_reset, user }| {
        Ok(StoredInvitation { user: user.try_into()?, expires_at, is_reset })
    })
    .transpose()
}

pub(super) async fn accept(
    control_plane: &ControlPlane,
    token: &SecretHash,
    password: &PasswordHash,
    now: DateTime<Utc>,
) -> Result<Option<StoredUser>, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let row: Option<UserRow> = sqlx::query_as(sql!("invitation/accept"))
        .bind(&token.as_bytes()[..])
        .bind(password.as_str())
        .bind(now)
        .fetch_optional(&mut transaction)
        .await?;
    transaction.commit().await?;
    row.map(StoredUser::try_from).transpose()
}
