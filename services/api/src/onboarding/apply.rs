use auth::{ApiKey, InvitationToken, KeyKind, Password, PasswordError, Role};
use chrono::{DateTime, Utc};
use control_plane::{AuditEntry, NewApiKey, NewUser, PlatformControl};
use serde_json::json;
use tenancy::{ClientId, Destination, TenantState};
use uuid::Uuid;

use super::{
    Onboarding, OnboardingError, Plan,
    order::{KeyOrder, UserOrder},
    step::{Change, Step},
};
use crate::invitations;

/// A credential that was made. It cannot be read again: hand it over now.
#[derive(Clone, Debug)]
pub enum Made {
    /// An API key.
    Key {
        /// Whose.
        client_id: ClientId,
        /// What the tenant calls it.
        name: String,
        /// What it may do.
        kind: KeyKind,
        /// The key.
        key: ApiKey,
    },
    /// Somebody who can log in once a password was set.
    Invitation {
        /// Whose.
        client_id: ClientId,
        /// The address to log in with.
        email: String,
        /// What they may do.
        role: Role,
        /// What the invited person sets a password with, once.
        token: InvitationToken,
        /// Until when.
        expires_at: DateTime<Utc>,
    },
    /// A platform admin.
    Admin {
        /// The address to log in with.
        email: String,
        /// The first password.
        password: Password,
    },
}

/// What [`Onboarding::apply`] is at.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// It begins a step.
    Doing(&'a Step),
    /// It made a credential, which is to be handed over at once.
    Made(&'a Made),
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// How many steps.
    pub steps: usize,
    /// Every credential that was made.
    pub made: Vec<Made>,
}

impl Onboarding {
    /// Carries out a plan. When it fails, or the process dies, planning and applying again goes on
    /// where it stopped; `observe` has been given every credential that stays in force.
    pub async fn apply(
        &self,
        plan: &Plan,
        observe: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<Applied, OnboardingError> {
        let platform = self.control_plane.for_platform(&self.context);
        let mut applied = Applied::default();
        for step in plan.steps() {
            observe(Progress::Doing(step));
            if let Some(made) = self.carry_out(&platform, step).await? {
                observe(Progress::Made(&made));
                applied.made.push(made);
            }
            applied.steps += 1;
        }
        Ok(applied)
    }

    async fn carry_out(
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
                let (id, name) = (&campaign.campaign_id, &campaign.name);
                platform.put_campaign(client_id, id, name, advertiser).await?;
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
                platform.set_tenant_state(client_id, TenantState::Active).await?;
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
    let (token, kept) = invitations::generate(Utc::now()).map_err(PasswordError::from)?;
    match replaces {
        Some(user_id) => platform.invite_again(client_id, user_id, &kept).await?,
        None => {
            let user = NewUser {
                user_id: Uuid::now_v7(),
                email: user.email.clone(),
                role: user.role,
                advertiser_id: user.advertiser_id.clone(),
            };
            platform.invite_user(client_id, &user, &kept).await?;
        }
    }
    Ok(Made::Invitation {
        client_id: client_id.clone(),
        email: user.email.clone(),
        role: user.role,
        token,
        expires_at: kept.expires_at,
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
