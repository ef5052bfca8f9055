use std::sync::Arc;

use actix_web::http::header::HeaderValue;
use aggregates::Aggregates;
use auth::{
    Authority, CampaignScope, ContinuedSession, Grant, NewRefreshToken, NewSession, Principal,
    RefreshToken, Role, Rotation, Sealer, SecurityEvent, SessionStore, StoredUser, Subject,
    TokenSigner,
};
use chrono::{DateTime, Utc};
use problem::{Code, Problem};
use serde::Serialize;
use telemetry::Counter;
use tenancy::{ClientId, Origin, TenantState};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{TokenSettings, WebState};

use crate::{caller::Device, failure::Failure, session_cookie::OwnPage, sessions::PasswordGate};

/// Turns passwords, refresh tokens and API keys into access tokens.
#[derive(Clone)]
pub(crate) struct Sessions {
    pub(crate) web: WebState,
    pub(crate) store: Arc<dyn SessionStore>,
    pub(crate) signer: TokenSigner,
    pub(crate) settings: TokenSettings,
    pub(crate) aggregates: Aggregates,
    pub(crate) gate: PasswordGate,
    /// Seals the secrets of second factors.
    pub(crate) sealer: Sealer,
}

/// An access token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccessToken {
    /// A JWT, to be sent as `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// How long it is valid, in seconds.
    expires_in: i64,
    /// The tenant; `None` for a platform admin.
    #[serde(skip)]
    client_id: Option<ClientId>,
}

impl AccessToken {
    pub(crate) fn client_id(&self) -> Option<&ClientId> {
        self.client_id.as_ref()
    }
}

/// An access token, and the token that gets the next one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenPair {
    #[serde(flatten)]
    access: AccessToken,
    /// Valid once, at `POST /v1/auth/refresh`, which returns another. Absent if the session is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// When the refresh token expires.
    refresh_expires_at: DateTime<Utc>,
}

impl TokenPair {
    /// Takes the refresh token out of the answer and into a cookie of `page`.
    pub(crate) fn kept_by(&mut self, page: OwnPage, now: DateTime<Utc>) -> HeaderValue {
        let token = self.refresh_token.take().unwrap_or_default();
        page.keep(&token, self.refresh_expires_at, now)
    }

    pub(crate) fn client_id(&self) -> Option<&ClientId> {
        self.access.client_id()
    }
}

impl Sessions {
    /// Begins a session of `user`, who has proved its identity by `action`, which the audit log records. The
    /// password of `user` must still be the stored one.
    pub(super) async fn begin(
        &self,
        action: &'static str,
        user: &StoredUser,
        device: Device,
        now: DateTime<Utc>,
    ) -> Result<TokenPair, Failure> {
        let changed = || {
            let detail = "The user has just been disabled, or has another password.";
            Problem::new(Code::CredentialInvalid, detail)
        };
        let session = NewSession {
            id: Uuid::now_v7(),
            user_id: user.id,
            password: user.password_hash.clone().ok_or_else(changed)?,
            ends_at: now + self.settings.session_lifetime(),
            address: device.address,
            user_agent: device.user_agent,
        };
        let grant = self.grant(user, session.id).await?;
        let refresh = RefreshToken::generate()?;
        let stored = self.new_refresh_token(&refresh, now);
        if !self.store.begin_session(&session, &stored).await? {
            Counter::Logins.inc(&["refused"]);
            return Err(changed().into());
        }
        self.record(action, Subject::User(user.id), user.client_id.as_ref(), now).await?;
        Counter::Logins.inc(&["accepted"]);
        let access = self.access(grant, now, Some(session.ends_at))?;
        Ok(pair(access, &refresh, stored.expires_at.min(session.ends_at)))
    }

    /// Spends a refresh token and continues its session. A refresh that is repeated within seconds gets
    /// the same refresh token again, so a session never divides.
    pub(crate) async fn refresh(
        &self,
        presented: &str,
        now: DateTime<Utc>,
    ) -> Result<TokenPair, Failure> {
        let refused = || {
            let detail = "The refresh token is not valid. Log in again.";
            Failure::from(Problem::new(Code::CredentialInvalid, detail))
        };
        let presented: RefreshToken = presented.parse().map_err(|_| refused())?;
        let successor = RefreshToken::generate()?;
        let stored = self.new_refresh_token(&successor, now);
        let sealed = presented.seal_successor(&successor).map_err(Problem::internal)?;
        let hash = presented.hash();
        // What refuses the grant must not spend the token: its next use would look like that of a stolen one.
        let grant = match self.store.unspent_session(&hash, now).await? {
            Some(session) => Some(self.grant(&session.user, session.id).await?),
            None => None,
        };
        let rotated = self.store.rotate_refresh_token(&hash, &stored, &sealed).await?;
        match rotated {
            Rotation::Rotated(session) => self.continued(&session, grant, &successor, now).await,
            Rotation::Repeated(session, sealed) => {
                let successor = presented.open_successor(&sealed).map_err(Problem::internal)?;
                self.continued(&session, grant, &successor, now).await
            }
            Rotation::Reused { user_id, client_id } => {
                tracing::warn!(user = %user_id, "a spent refresh token was used again: its session was revoked");
                let user = Subject::User(user_id);
                self.record("refresh_token.reused", user, client_id.as_ref(), now).await?;
                Err(refused())
            }
            Rotation::Refused => Err(refused()),
        }
    }

    /// Returns the tokens that continue a session. Without a grant, one is made.
    async fn continued(
        &self,
        session: &ContinuedSession,
        grant: Option<Grant>,
        refresh: &RefreshToken,
        now: DateTime<Utc>,
    ) -> Result<TokenPair, Failure> {
        let grant = match grant {
            Some(grant) => grant,
            None => self.grant(&session.user, session.id).await?,
        };
        let access = self.access(grant, now, Some(session.ends_at))?;
        Ok(pair(access, refresh, session.expires_at))
    }

    /// Ends the session of a refresh token. A session that is unknown has ended already.
    pub(crate) async fn logout(&self, presented: &str, now: DateTime<Utc>) -> Result<(), Failure> {
        let presented: RefreshToken = presented
            .parse()
            .map_err(|_| Problem::field("/refresh_token", "must be a refresh token"))?;
        Ok(self.store.revoke_refresh_family(&presented.hash(), now).await?)
    }

    /// Issues an access token for an API key.
    pub(crate) async fn exchange(
        &self,
        api_key: &str,
        now: DateTime<Utc>,
    ) -> Result<AccessToken, Failure> {
        if !api_key.starts_with("ff_") {
            return Err(Problem::field("/api_key", "must be an API key: ff_…").into());
        }
        let principal = self.web.principal(api_key, now).await?;
        let Principal { subject, client_id, authority, scope, subject_version, expires_at, .. } =
            (*principal).clone();
        let client_id = client_id.ok_or_else(|| Problem::internal("a key without a tenant"))?;
        let (client, token_version) = self.client(&client_id, false).await?;
        let Subject::Key(id) = &subject else {
            return Err(Problem::internal("the subject of a key is not a key").into());
        };
        if self.web.credentials().api_key(id).await?.is_none() {
            let detail = "The API key has just been revoked.";
            return Err(Problem::new(Code::CredentialInvalid, detail).into());
        }
        let campaigns = match scope {
            CampaignScope::Campaigns(listed) => Some(listed),
            CampaignScope::All | CampaignScope::Advertiser(_) => None,
        };
        let grant = Grant {
            subject,
            client: Some(client),
            authority,
            advertiser_id: None,
            campaigns,
            token_version,
            subject_version,
            session_id: None,
        };
        self.access(grant, now, expires_at)
    }

    /// Returns the grant of `user` in a session. Reads the user again, with the version of the token: disabling or
    /// changing the user raises the version, which revokes the token.
    pub(super) async fn grant(
        &self,
        user: &StoredUser,
        session_id: Uuid,
    ) -> Result<Grant, Failure> {
        let client = match &user.client_id {
            Some(client_id) => Some(self.client(client_id, user.role == Role::Owner).await?),
            None => None,
        };
        let user = self.store.user(user.id).await?.ok_or_else(|| {
            Problem::new(Code::CredentialInvalid, "The user has just been disabled.")
        })?;
        self.check_requirement(&user).await?;
        let (client, tenant_version) = client.unzip();
        Ok(Grant {
            subject: Subject::User(user.id),
            client,
            authority: Authority::Role(user.role),
            advertiser_id: user.advertiser_id.filter(|_| user.role == Role::Advertiser),
            campaigns: None,
            token_version: tenant_version.unwrap_or(user.token_version),
            subject_version: tenant_version.is_some().then_some(user.token_version),
            session_id: Some(session_id),
        })
    }

    /// Returns a tenant's id and name, and the current version of its tokens. If the tenant is suspended,
    /// the problem names the reason if the caller may know it.
    pub(super) async fn client(
        &self,
        id: &ClientId,
        may_know: bool,
    ) -> Result<((ClientId, String), u32), Failure> {
        let record = self.web.directory().find(id).await?;
        match record {
            Some(record)
                if matches!(record.state, TenantState::Active | TenantState::Offboarding) =>
            {
                Ok(((record.client_id, record.name), record.token_version))
            }
            Some(record) if record.state == TenantState::Suspended => {
                Err(web::tenant_suspended(record.state_reason.as_deref().filter(|_| may_know))
                    .into())
            }
            _ => {
                let detail = "The credential's tenant does not exist, or not yet.";
                Err(Problem::new(Code::CredentialInvalid, detail).into())
            }
        }
    }

    /// Returns the origins whose pages may read an answer to a user or key of `client_id`; none for a
    /// platform admin.
    pub(crate) async fn readers(
        &self,
        client_id: Option<&ClientId>,
    ) -> Result<Arc<[Origin]>, Failure> {
        let Some(client_id) = client_id else {
            return Ok(Arc::default());
        };
        let record = self.web.directory().find(client_id).await?;
        Ok(record.map(|record| record.origins).unwrap_or_default())
    }

    fn new_refresh_token(&self, token: &RefreshToken, now: DateTime<Utc>) -> NewRefreshToken {
        NewRefreshToken {
            hash: token.hash(),
            issued_at: now,
            expires_at: now + self.settings.refresh_lifetime(),
        }
    }

    /// Issues an access token that expires at `end` at the latest.
    fn access(
        &self,
        grant: Grant,
        now: DateTime<Utc>,
        end: Option<DateTime<Utc>>,
    ) -> Result<AccessToken, Failure> {
        let client_id = grant.client.as_ref().map(|(id, _)| id.clone());
        let issued = self.signer.issue_until(grant, now, end)?;
        Ok(AccessToken {
            access_token: issued.token,
            token_type: "Bearer",
            expires_in: (issued.expires_at - now).num_seconds(),
            client_id,
        })
    }

    pub(super) async fn record(
        &self,
        action: &'static str,
        subject: Subject,
        client_id: Option<&ClientId>,
        at: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let actor = subject.to_string();
        let event = SecurityEvent { at, actor, client_id: client_id.cloned(), action };
        Ok(self.store.record(&event).await?)
    }
}

fn pair(
    access: AccessToken,
    refresh: &RefreshToken,
    refresh_expires_at: DateTime<Utc>,
) -> TokenPair {
    TokenPair { access, refresh_token: Some(refresh.reveal()), refresh_expires_at }
}
