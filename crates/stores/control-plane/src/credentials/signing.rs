use auth::StoredSigningKey;
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{ControlPlane, ControlPlaneError};

#[derive(FromRow)]
struct SigningKeyRow {
    kid: String,
    pkcs8_sealed: Vec<u8>,
    created_at: DateTime<Utc>,
}

pub(super) async fn list(
    control_plane: &ControlPlane,
) -> Result<Vec<StoredSigningKey>, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let rows: Vec<SigningKeyRow> =
        sqlx::query_as(sql!("signing_key/list")).fetch_all(&mut transaction).await?;
    transaction.commit().await?;
    rows.into_iter()
        .map(|row| {
            Ok(StoredSigningKey {
                id: row.kid.parse().map_err(ControlPlaneError::corrupt("key id"))?,
                sealed_pkcs8: row.pkcs8_sealed,
                created_at: row.created_at,
            })
        })
        .collect()
}

pub(super) async fn add_first(
    control_plane: &ControlPlane,
    key: &StoredSigningKey,
) -> Result<(), ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    sqlx::query(sql!("signing_key/lock")).execute(&mut transaction).await?;
    sqlx::query(sql!("signing_key/add_first"))
        .bind(key.id.as_str())
        .bind(&key.sealed_pkcs8)
        .bind(key.created_at)
        .execute(&mut transaction)
        .await?;
    Ok(transaction.commit().await?)
}
