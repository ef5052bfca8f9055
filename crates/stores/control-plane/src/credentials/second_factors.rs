use auth::{CredentialStoreError, PasswordHash, SecondFactorStore, SecretHash, StoredSecondFactor};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, Postgres, postgres::PgArguments, query::Query};
use tenancy::ClientId;
use uuid::Uuid;

use crate::{ControlPlane, ControlPlaneError};

#[derive(FromRow)]
struct SecondFactorRow {
    secret_sealed: Vec<u8>,
    is_confirmed: bool,
}

#[async_trait::async_trait]
impl SecondFactorStore for ControlPlane {
    async fn second_factor(
        &self,
        user_id: Uuid,
    ) -> Result<Option<StoredSecondFactor>, CredentialStoreError> {
        let row = find(self, user_id).await?;
        Ok(row.map(|SecondFactorRow { secret_sealed, is_confirmed }| StoredSecondFactor {
            secret_sealed,
            is_confirmed,
        }))
    }

    async fn put_second_factor(
        &self,
        user_id: Uuid,
        secret_sealed: &[u8],
    ) -> Result<bool, CredentialStoreError> {
        Ok(put(self, user_id, secret_sealed).await?)
    }

    async fn confirm_second_factor(
        &self,
        user_id: Uuid,
        password: &PasswordHash,
        secret_sealed: &[u8],
        step: i64,
        codes: &[SecretHash],
        now: DateTime<Utc>,
    ) -> Result<bool, CredentialStoreError> {
        Ok(confirm(self, user_id, password, secret_sealed, step, codes, now).await?)
    }

    async fn begin_code_attempt(
        &self,
        user_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, CredentialStoreError> {
        Ok(begin_attempt(self, user_id, now).await?)
    }

    async fn spend_step(&self, user_id: Uuid, step: i64) -> Result<bool, CredentialStoreError> {
        Ok(spend_step(self, user_id, step).await?)
    }

    async fn spend_recovery_code(
        &self,
        user_id: Uuid,
        code: &SecretHash,
    ) -> Result<bool, CredentialStoreError> {
        Ok(spend_code(self, user_id, code).await?)
    }

    async fn remove_second_factor(&self, user_id: Uuid) -> Result<bool, CredentialStoreError> {
        Ok(remove(self, user_id).await?)
    }

    async fn owners_need_second_factor(
        &self,
        client_id: &ClientId,
    ) -> Result<bool, CredentialStoreError> {
        Ok(owners_need(self, client_id).await?)
    }
}

async fn find(
    control_plane: &ControlPlane,
    user_id: Uuid,
) -> Result<Option<SecondFactorRow>, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let row = sqlx::query_as(sql!("second_factor/get"))
        .bind(user_id)
        .fetch_optional(&mut transaction)
        .await?;
    transaction.commit().await?;
    Ok(row)
}

async fn put(
    control_plane: &ControlPlane,
    user_id: Uuid,
    secret_sealed: &[u8],
) -> Result<bool, ControlPlaneError> {
    let statement = sqlx::query(sql!("second_factor/put")).bind(user_id).bind(secret_sealed);
    execute_once(control_plane, statement).await
}

async fn confirm(
    control_plane: &ControlPlane,
    user_id: Uuid,
    password: &PasswordHash,
    secret_sealed: &[u8],
    step: i64,
    codes: &[SecretHash],
    now: DateTime<Utc>,
) -> Result<bool, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let confirmed = sqlx::query(sql!("second_factor/confirm"))
        .bind(user_id)
        .bind(step)
        .bind(now)
        .bind(secret_sealed)
        .bind(password.as_str())
        .execute(&mut transaction)
        .await?;
    if confirmed.rows_affected() == 0 {
        return Ok(false);
    }
    let hashes: Vec<_> = codes.iter().map(|code| code.as_bytes().to_vec()).collect();
    sqlx::query(sql!("second_factor/add_codes"))
        .bind(user_id)
        .bind(hashes)
        .execute(&mut transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

async fn begin_attempt(
    control_plane: &ControlPlane,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let locked_until = sqlx::query_scalar(sql!("second_factor/begin_attempt"))
        .bind(user_id)
        .bind(now)
        .fetch_optional(&mut transaction)
        .await?;
    transaction.commit().await?;
    Ok(locked_until)
}

async fn spend_step(
    control_plane: &ControlPlane,
    user_id: Uuid,
    step: i64,
) -> Result<bool, ControlPlaneError> {
    let statement = sqlx::query(sql!("second_factor/spend_step")).bind(user_id).bind(step);
    execute_once(control_plane, statement).await
}

async fn spend_code(
    control_plane: &ControlPlane,
    user_id: Uuid,
    code: &SecretHash,
) -> Result<bool, ControlPlaneError> {
    let hash = code.as_bytes().as_slice();
    let statement = sqlx::query(sql!("second_factor/spend_code")).bind(user_id).bind(hash);
    execute_once(control_plane, statement).await
}

async fn remove(control_plane: &ControlPlane, user_id: Uuid) -> Result<bool, ControlPlaneError> {
    let statement = sqlx::query(sql!("second_factor/remove")).bind(user_id).bind(None::<&str>);
    execute_once(control_plane, statement).await
}

async fn owners_need(
    control_plane: &ControlPlane,
    client_id: &ClientId,
) -> Result<bool, ControlPlaneError> {
    let mut transaction = control_plane.begin_tenant(client_id).await?;
    let needed: Option<bool> = sqlx::query_scalar(sql!("tenant/needs_second_factor"))
        .bind(client_id.as_str())
        .fetch_optional(&mut transaction)
        .await?;
    transaction.commit().await?;
    Ok(needed.unwrap_or_default())
}

/// Executes a statement in a transaction of its own. Returns whether it changed one row.
async fn execute_once(
    control_plane: &ControlPlane,
    statement: Query<'_, Postgres, PgArguments>,
) -> Result<bool, ControlPlaneError> {
    let mut transaction = control_plane.begin_platform().await?;
    let executed = statement.execute(&mut transaction).await?;
    transaction.commit().await?;
    Ok(executed.rows_affected() == 1)
}
