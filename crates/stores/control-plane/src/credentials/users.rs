use std::sync::Arc;

use auth::{CredentialStoreError, EndedSessions, PasswordHash, StoredSession, StoredUser};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use tenancy::ClientId;
use uuid::Uuid;

use super::sessions;
use crate::{ControlPlane, ControlPlaneError, cache::AnswerCache};

/// Versions and ended sessions of users, read for every request that contains a token.
pub(crate) struct VersionCache(pub(crate) AnswerCache<Uuid, Standing>);

/// What a user's token is compared with.
#[derive(Clone)]
pub(crate) struct Standing {
    /// The tenant that the token must name; none for a platform admin.
    pub(super) client_id: Option<ClientId>,
    /// The version that the token must have.
    pub(super) version: u32,
    /// The sessions that ended while a token of theirs may still be valid.
    pub(super) ended_sessions: Arc<[Uuid]>,
}

#[derive(FromRow)]
struct StandingRow {
    client_id: Option<String>,
    token_version: i32,
    ended_sessions: Vec<Uuid>,
}

impl Default for VersionCache {
    fn default() -> Self {
        Self(AnswerCache::new("users", 100_000))
    }
}

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
        Ok(Self {
            id: row.user_id,
            client_id: client_id.map_err(ControlPlaneError::corrupt("client id"))?,
            role: row.role.parse().map_err(ControlPlaneError::corrupt("role"))?,
            advertiser_id: advertiser_id.map_err(ControlPlaneError::corrupt("advertiser id"))?,
            password_hash: row.password_hash.map(PasswordHash::from_stored),
            token_version: parse_version(row.token_version)?,
        })
    }
}

fn parse_version(version: i32) -> Result<u32, ControlPlaneError> {
    version.try_into().map_err(ControlPlaneError::corrupt("token version"))
}

/// Returns what a token of this user is compared with; `None` when the user is disabled.
pub(super) async fn standing(
    control_plane: &ControlPlane,
    id: Uuid,
) -> Result<Option<Standing>, CredentialStoreError> {
    let found = control_plane.versions.0.get(&id, read_standing(control_plane, id)).await;
    found.map_err(|error| CredentialStoreError(error.into()))
}

async fn read_standing(
    control_plane: &ControlPlane,
    id: Uuid,
) -> Result<Option<Standing>, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let row: Option<StandingRow> =
        sqlx::query_as(sql!("user/version")).bind(id).fetch_optional(&mut transaction).await?;
    transaction.commit().await?;
    row.map(|row| {
        let client_id = row.client_id.as_deref().map(str::parse).transpose();
        Ok(Standing {
            client_id: client_id.map_err(ControlPlaneError::corrupt("client id"))?,
            version: parse_version(row.token_version)?,
            ended_sessions: row.ended_sessions.into(),
        })
    })
    .transpose()
}

pub(super) async fn sessions(
    control_plane: &ControlPlane,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<StoredSession>, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let listed = sessions::list(&mut transaction, None, user_id, now).await?;
    transaction.commit().await?;
    Ok(listed)
}

pub(super) async fn end_sessions(
    control_plane: &ControlPlane,
    user_id: Uuid,
    which: EndedSessions,
    now: DateTime<Utc>,
) -> Result<u64, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let ended = sessions::end(&mut transaction, None, user_id, which, now).await?;
    transaction.commit().await?;
    Ok(ended)
}

pub(super) async fn by_email(
    control_plane: &ControlPlane,
    email: &str,
    tenant: Option<&ClientId>,
) -> Result<Option<StoredUser>, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let row: Option<UserRow> = sqlx::query_as(sql!("user/by_email"))
        .bind(email)
        .bind(tenant.map(ClientId::as_str))
        .fetch_optional(&mut transaction)
        .await?;
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

pub(super) async fn change_password(
    control_plane: &ControlPlane,
    user_id: Uuid,
    former: &PasswordHash,
    password: &PasswordHash,
) -> Result<bool, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let changed = sqlx::query(sql!("user/change_password"))
        .bind(user_id)
        .bind(former.as_str())
        .bind(password.as_str())
        .execute(&mut transaction)
        .await?;
    transaction.commit().await?;
    Ok(changed.rows_affected() == 1)
}
