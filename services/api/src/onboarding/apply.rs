use auth::{ApiKey, InvitationToken, KeyKind, Password, PasswordError, Role};
use chrono::{DateTime, Utc};
use control_plane::{AuditEntry, NewApiKey, NewUser, PlatformControl};
use serde_json::json;
use tenancy::{ClientId, Destination};
use uuid::Uuid;

use super::{
    Onboarding, OnboardingError, Plan,
    order::{KeyOrder, UserOrder},
    step::{Change, Step},
};
use crate::invitations;

/// A new credential. It cannot be read again: hand it over now.
#[derive(Clone, Debug)]
pub enum Made {
    /// An API key.
    Key {
        /// The tenant.
        client_id: ClientId,
        /// Its name.
        name: String,
        /// Its kind.
        kind: KeyKind,
        /// The key.
        key: ApiKey,
    },
    /// A user who can log in after setting a password.
    Invitation {
        /// The tenant.
        client_id: ClientId,
        /// The email address for the login.
        email: String,
        /// The role.
        role: Role,
        /// The token with which the invited person sets a password, once.
        token: InvitationToken,
        /// When it expires.
        expires_at: DateTime<Utc>,
    },
    /// A platform admin.
    Admin {
        /// The email address for the login.
        email: String,
        /// The first password.
        password: Password,
    },
}

/// The progress of [`Onboarding::apply`].
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// A step begins.
    Doing(&'a Step),
    /// A credential was created. Hand it over at once.
    Made(&'a Made),
}

/// The result of applying a plan.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// The number of steps.
    pub steps: usize,
    /// Every new credential.
    pub made: Vec<Made>,
}

impl Onboarding {
    /// Applies a plan. After a failure or a crash, planning and applying again continues where it
    /// stopped; `observe` has received every credential that remains valid.
    pub async fn apply(
        &self,
        plan: &Plan,
        observe: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<Applied, OnboardingError> {
        let platform = self.control_plane.for_platform(&self.context);
        let mut applied = Applied::default();
        for step in plan.steps() {
            observe(Progress::Doing(step));
            if let Some(made) = self.apply_step(&platform, step).await? {
                observe(Progress::Made(&made));
                applied.made.push(made);
            }
            applied.steps += 1;
        }
        Ok(applied)
    }

    async fn apply_step(
        &self,
        platform: &PlatformControl,
        step: &Step,
    ) -> Result<Option<Made>, OnboardingError> {
        let client_id = &step.client_id;
        match &step.change {
            Change::CreateTenant { spec, isolation, cluster } => {
                platform.create_tenant(spec, *isolation, cluster).await?;
            }
            Change::UpdateTenant { spec, .. } => platform.update_tenant(spec).await?,
            Change::PutAdvertiser { advertiser, .. } => {
                platform.put_advertiser(client_id, advertiser).await?;
            }
            Change::PutCampaign { campaign, .. } => {
                let advertiser = campaign.advertiser_id.as_ref();
                let id = &campaign.campaign_id;
                let name = &campaign.name;
                platform.put_campaign(client_id, id, name, advertiser).await?;
            }
            Change::DeclareDimension { dimension, .. } => {
                platform.declare_dimension(client_id, dimension).await?;
            }
            Change::Provision { destination } => {
                self.provision(platform, client_id, destination).await?;
            }
            Change::InviteUser { user, replaces } => {
                return invite(platform, client_id, user, *replaces).await.map(Some);
            }
            Change::MakeKey { key, replaces } => {
                return make_key(platform, client_id, key, *replaces).await.map(Some);
            }
            Change::Activate => {
                if !platform.activate_tenant(client_id).await? {
                    return Err(OnboardingError::NotProvisioned);
                }
            }
        }
        Ok(None)
    }

    async fn provision(
        &self,
        platform: &PlatformControl,
        client_id: &ClientId,
        destination: &Destination,
    ) -> Result<(), OnboardingError> {
        let migrated = self.warehouse.migrate(destination).await;
        let versions = migrated.map_err(|source| OnboardingError::Warehouse {
            client_id: client_id.clone(),
            source,
        })?;
        let entry = AuditEntry {
            action: "warehouse.migrate",
            client_id: Some(client_id),
            subject: &destination.database,
            detail: json!({ "cluster": destination.cluster, "applied": versions }),
        };
        Ok(platform.audit(&entry).await?)
    }
}

async fn invite(
    platform: &PlatformControl,
    client_id: &ClientId,
    user: &UserOrder,
    replaces: Option<Uuid>,
) -> Result<Made, OnboardingError> {
    let (token, new) = invitations::generate(Utc::now()).map_err(PasswordError::from)?;
    match replaces {
        Some(user_id) => platform.invite_again(client_id, user_id, &new).await?,
        None => {
            let user = NewUser {
                user_id: Uuid::now_v7(),
                email: user.email.clone(),
                role: user.role,
                advertiser_id: user.advertiser_id.clone(),
            };
            platform.invite_user(client_id, &user, &new).await?;
        }
    }
    Ok(Made::Invitation {
        client_id: client_id.clone(),
        email: user.email.clone(),
        role: user.role,
        token,
        expires_at: new.expires_at,
    })
}

async fn make_key(
    platform: &PlatformControl,
    client_id: &ClientId,
    order: &KeyOrder,
    replaces: bool,
) -> Result<Made, OnboardingError> {
    let key = ApiKey::generate(order.kind).map_err(PasswordError::from)?;
    let new = NewApiKey {
        key_id: key.id().clone(),
        kind: order.kind,
        name: order.name.clone(),
        secret_hash: key.secret_hash(),
        campaigns: order.campaigns.clone(),
    };
    if replaces {
        platform.replace_api_key(client_id, &new).await?;
    } else {
        platform.create_api_key(client_id, &new, None).await?;
    }
    Ok(Made::Key { client_id: client_id.clone(), name: new.name, kind: new.kind, key })
}
