use auth::{PasswordHash, Role};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::FromRow;
use tenancy::{AdvertiserId, ClientId};
use uuid::Uuid;

use super::invitations::{self, NewInvitation};
use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, pool::Transaction};

/// A user who can log in or is invited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id in tokens.
    pub user_id: Uuid,
    /// In lower case; unique within the tenant.
    pub email: String,
    /// The role, which determines the permissions.
    pub role: Role,
    /// The advertiser the user belongs to; for the role `advertiser` only.
    pub advertiser_id: Option<AdvertiserId>,
    /// Whether the user may no longer log in.
    pub disabled: bool,
    /// When the invitation, or the reset of the password, expires; `None` once it is accepted.
    pub invitation_expires_at: Option<DateTime<Utc>>,
}

/// A user to be created.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The id for tokens.
    pub user_id: Uuid,
    /// In lower case.
    pub email: String,
    /// The role, which determines the permissions.
    pub role: Role,
    /// The advertiser; for the role `advertiser` only.
    pub advertiser_id: Option<AdvertiserId>,
}

/// What to change of a user; what is absent remains.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// The role, and the advertiser of the role `advertiser`.
    pub role: Option<(Role, Option<AdvertiserId>)>,
    /// Whether logins are refused.
    pub disabled: Option<bool>,
}

#[derive(FromRow)]
struct UserRow {
    user_id: Uuid,
    email: String,
    role: String,
    advertiser_id: Option<String>,
    disabled: bool,
    invitation_expires_at: Option<DateTime<Utc>>,
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
            invitation_expires_at: row.invitation_expires_at,
        })
    }
}

impl TenantControl {
    /// Returns the tenant's users, by email.
    pub async fn users(&self) -> Result<Vec<User>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let users = list(&mut transaction, self.client_id()).await?;
        transaction.commit().await?;
        Ok(users)
    }

    /// Creates a user of the tenant, who can log in after accepting the invitation.
    pub async fn invite_user(
        &self,
        actor: &str,
        user: &NewUser,
        invitation: &NewInvitation,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        invite(&mut transaction, actor, self.client_id(), user, invitation).await?;
        Ok(transaction.commit().await?)
    }

    /// Disables a user and invalidates every token issued to that user; `false` when the tenant has
    /// no such user.
    ///
    /// # Errors
    /// [`ControlPlaneError::LastOwner`]: no other owner can log in.
    pub async fn disable_user(
        &self,
        actor: &str,
        user_id: Uuid,
    ) -> Result<bool, ControlPlaneError> {
        let change = UserChange { disabled: Some(true), ..UserChange::default() };
        Ok(self.change_user(actor, user_id, &change).await?.is_some())
    }

    /// Changes a user, and invalidates the tokens issued before; `None` when the tenant has no such
    /// user.
    ///
    /// # Errors
    /// [`ControlPlaneError::LastOwner`]: no other owner can log in.
    pub async fn change_user(
        &self,
        actor: &str,
        user_id: Uuid,
        change: &UserChange,
    ) -> Result<Option<User>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        // Two owners who disable each other at once: the second finds no other owner.
        self.lock(&mut transaction).await?;
        let had_owner = has_owner(&mut transaction, self.client_id()).await?;
        let Some(before) = find(&mut transaction, self.client_id(), user_id).await? else {
            return Ok(None);
        };
        let (role, advertiser_id) = change.role.clone().unzip();
        sqlx::query(sql!("user/change"))
            .bind(self.client_id().as_str())
            .bind(user_id)
            .bind(role.map(Role::as_str))
            .bind(advertiser_id.flatten().as_ref().map(AdvertiserId::as_str))
            .bind(change.disabled)
            .execute(&mut transaction)
            .await?;
        if had_owner && !has_owner(&mut transaction, self.client_id()).await? {
            return Err(ControlPlaneError::LastOwner);
        }
        let after = find(&mut transaction, self.client_id(), user_id).await?;
        let entry = AuditEntry {
            action: match change.disabled {
                Some(true) => "user.disable",
                Some(false) => "user.enable",
                None => "user.change",
            },
            client_id: Some(self.client_id()),
            subject: &format!("user:{user_id}"),
            detail: json!({ "before": audited(&before), "after": after.as_ref().map(audited) }),
        };
        audit::append(&mut transaction, actor, &entry).await?;
        transaction.commit().await?;
        Ok(after)
    }
}

/// Returns what the audit log says of a user: no address, which is personal data.
fn audited(user: &User) -> serde_json::Value {
    json!({
        "role": user.role,
        "advertiser_id": user.advertiser_id,
        "disabled": user.disabled,
    })
}

pub(super) async fn find(
    transaction: &mut Transaction,
    client_id: &ClientId,
    user_id: Uuid,
) -> Result<Option<User>, ControlPlaneError> {
    let row: Option<UserRow> = sqlx::query_as(sql!("user/get"))
        .bind(client_id.as_str())
        .bind(user_id)
        .fetch_optional(transaction)
        .await?;
    row.map(User::try_from).transpose()
}

async fn has_owner(
    transaction: &mut Transaction,
    client_id: &ClientId,
) -> Result<bool, ControlPlaneError> {
    Ok(sqlx::query_scalar(sql!("user/has_owner"))
        .bind(client_id.as_str())
        .fetch_one(transaction)
        .await?)
}

pub(crate) async fn list(
    transaction: &mut Transaction,
    client_id: &ClientId,
) -> Result<Vec<User>, ControlPlaneError> {
    let rows: Vec<UserRow> =
        sqlx::query_as(sql!("user/list")).bind(client_id.as_str()).fetch_all(transaction).await?;
    rows.into_iter().map(User::try_from).collect()
}

/// Creates a user with a password, or without one to be invited.
pub(crate) async fn create(
    transaction: &mut Transaction,
    actor: &str,
    client_id: Option<&ClientId>,
    user: &NewUser,
    password_hash: Option<&PasswordHash>,
) -> Result<(), ControlPlaneError> {
    sqlx::query(sql!("user/create"))
        .bind(user.user_id)
        .bind(&user.email)
        .bind(password_hash.map(PasswordHash::as_str))
        .bind(user.role.as_str())
        .bind(client_id.map(ClientId::as_str))
        .bind(user.advertiser_id.as_ref().map(AdvertiserId::as_str))
        .execute(&mut *transaction)
        .await?;
    // No email: the audit log is permanent, and an address is personal data.
    let entry = AuditEntry {
        action: "user.create",
        client_id,
        subject: &format!("user:{}", user.user_id),
        detail: json!({ "role": user.role, "advertiser_id": user.advertiser_id }),
    };
    audit::append(transaction, actor, &entry).await
}

pub(crate) async fn invite(
    transaction: &mut Transaction,
    actor: &str,
    client_id: &ClientId,
    user: &NewUser,
    invitation: &NewInvitation,
) -> Result<(), ControlPlaneError> {
    create(transaction, actor, Some(client_id), user, None).await?;
    invitations::put(transaction, actor, client_id, user.user_id, invitation).await?;
    Ok(())
}
