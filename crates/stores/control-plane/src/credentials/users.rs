use auth::{PasswordHash, StoredUser};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{ControlPlane, ControlPlaneError};

#[derive(FromRow)]
pub(super) struct UserRow {
    user_id: Uuid,
    client_id: Option<String>,
    role: String,
    advertiser_id: Option<String>,
    password_hash: Option<String>,
    token_version: i32,
}

impl TryFrom<UserRow> for StoredUser {
    type Error = ControlPlaneError;

    fn try_from(row: UserRow) -> Result<Self, ControlPlaneError> {
        let client_id = row.client_id.as_deref().map(str::parse).transpose();
        let advertiser_id = row.advertiser_id.as_deref().map(str::parse).transpose();
        let token_version = row.token_version.try_into();
        Ok(Self {
            id: row.user_id,
            client_id: client_id.map_err(ControlPlaneError::corrupt("client id"))?,
            role: row.role.parse().map_err(ControlPlaneError::corrupt("role"))?,
            advertiser_id: advertiser_id.map_err(ControlPlaneError::corrupt("advertiser id"))?,
            password_hash: row.password_hash.map(PasswordHash::from_stored),
            token_version: token_version.map_err(ControlPlaneError::corrupt("token version"))?,
        })
    }
}

pub(super) async fn by_email(
    control_plane: &ControlPlane,
    email: &str,
) -> Result<Option<StoredUser>, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let row: Option<UserRow> =
        sqlx::query_as(sql!("user/by_email")).bind(email).fetch_optional(&mut transaction).await?;
    transaction.commit().await?;
    row.map(StoredUser::try_from).transpose()
}

pub(super) async fn by_id(
    control_plane: &ControlPlane,
    id: Uuid,
) -> Result<Option<StoredUser>, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let row: Option<UserRow> =
        sqlx::query_as(sql!("user/by_id")).bind(id).fetch_optional(&mut transaction).await?;
    transaction.commit().await?;
    row.map(StoredUser::try_from).transpose()
}
