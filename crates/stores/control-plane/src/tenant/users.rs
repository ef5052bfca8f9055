use auth::{PasswordHash, Role};
use serde_json::json;
use sqlx::FromRow;
use tenancy::{AdvertiserId, ClientId};
use uuid::Uuid;

use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, pool::Transaction};

/// Somebody who can log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id tokens carry.
    pub user_id: Uuid,
    /// Lower-cased; unique across tenants.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// The advertiser they belong to; for the role `advertiser` only.
    pub advertiser_id: Option<AdvertiserId>,
    /// Whether logins are refused.
    pub disabled: bool,
}

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The id tokens will carry.
    pub user_id: Uuid,
    /// In lower case.
    pub email: String,
    /// What is kept of the first password.
    pub password_hash: PasswordHash,
    /// What they may do.
    pub role: Role,
    /// The advertiser; for the role `advertiser` only.
    pub advertiser_id: Option<AdvertiserId>,
}

#[derive(FromRow)]
struct UserRow {
    user_id: Uuid,
    email: String,
    role: String,
    advertiser_id: Option<String>,
    disabled: bool,
}

impl TryFrom<UserRow> for User {
    type Error = ControlPlaneError;

    fn try_from(row: UserRow) -> Result<Self, ControlPlaneError> {
        let advertiser_id = row.advertiser_id.as_deref().map(str::parse).transpose();
        Ok(Self {
            user_id: row.user_id,
            email: row.email,
            role: row.role.parse().map_err(ControlPlaneError::corrupt("role"))?,
            advertiser_id: advertiser_id.map_err(ControlPlaneError::corrupt("advertiser id"))?,
            disabled: row.disabled,
        })
    }
}

impl TenantControl {
    /// The tenant's users, by email.
    pub async fn users(&self) -> Result<Vec<User>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let users = list(&mut transaction, self.client_id()).await?;
        transaction.commit().await?;
        Ok(users)
    }

    /// Makes a user of the tenant.
    pub async fn create_user(&self, actor: &str, user: &NewUser) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        create(&mut transaction, actor, Some(self.client_id()), user).await?;
        Ok(transaction.commit().await?)
    }

    /// Refuses a user's logins, and every token of the tenant issued so far; `false` when the
    /// tenant has no such user.
    pub async fn disable_user(
        &self,
        actor: &str,
        user_id: Uuid,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let disabled = sqlx::query(sql!("user/disable"))
            .bind(self.client_id().as_str())
            .bind(user_id)
            .execute(&mut transaction)
            .await?;
        let found = disabled.rows_affected() == 1;
        if found {
            let entry = AuditEntry {
                action: "user.disable",
                client_id: Some(self.client_id()),
                subject: &format!("user:{user_id}"),
                detail: json!({}),
            };
            audit::append(&mut transaction, actor, &entry).await?;
        }
        transaction.commit().await?;
        Ok(found)
    }
}

pub(crate) async fn list(
    transaction: &mut Transaction,
    client_id: &ClientId,
) -> Result<Vec<User>, ControlPlaneError> {
    let rows: Vec<UserRow> =
        sqlx::query_as(sql!("user/list")).bind(client_id.as_str()).fetch_all(transaction).await?;
    rows.into_iter().map(User::try_from).collect()
}

pub(crate) async fn create(
    transaction: &mut Transaction,
    actor: &str,
    client_id: Option<&ClientId>,
    user: &NewUser,
) -> Result<(), ControlPlaneError> {
    sqlx::query(sql!("user/create"))
        .bind(user.user_id)
        .bind(&user.email)
        .bind(user.password_hash.as_str())
        .bind(user.role.as_str())
        .bind(client_id.map(ClientId::as_str))
        .bind(user.advertiser_id.as_ref().map(AdvertiserId::as_str))
        .execute(&mut *transaction)
        .await?;
    // No email: the log is kept for ever, and an address is personal.
    let entry = AuditEntry {
        action: "user.create",
        client_id,
        subject: &format!("user:{}", user.user_id),
        detail: json!({ "role": user.role, "advertiser_id": user.advertiser_id }),
    };
    audit::append(transaction, actor, &entry).await
}
