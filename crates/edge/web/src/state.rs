use std::{sync::Arc, time::Duration};

use auth::{
    ApiKey, ApiKeyId, Authority, CampaignScope, CredentialStore, CredentialStoreError, Principal,
    Role, SecretHash, StoredApiKey, Subject, TokenError, TokenVerifier,
};
use chrono::{DateTime, Utc};
use moka::sync::Cache;
use problem::{Code, Problem};
use sha2::{Digest, Sha256};
use telemetry::CacheSeries;
use tenancy::{PlatformContext, ResolveError, TenantContext, TenantDirectory, TenantRouter};

use crate::RequestLimits;

/// How long a verified credential is cached. Revocation is checked again.
const CACHE_TIME: Duration = Duration::from_secs(5);
/// How long the check of a credential is cached if no change is announced that might revoke it.
const CHECK_TIME: Duration = Duration::from_secs(1);
/// How many credentials are cached at most.
const CACHE_SIZE: u64 = 50_000;
/// When a client retries while the control plane is unavailable.
const RETRY: Duration = Duration::from_secs(1);

/// The name of the lookups in the answer while they are unavailable.
pub const DIRECTORY: &str = "The directory of tenants, users and keys";

/// A credential as a request contains it: an access token or an API key.
pub(crate) struct Credential<'a> {
    text: &'a str,
    /// The key of the caches: no secret stays in memory longer than its request.
    digest: [u8; 32],
}

/// A tenant's credential that was verified and not revoked.
#[derive(Debug)]
pub(crate) struct CheckedCredential {
    pub(crate) principal: Arc<Principal>,
    pub(crate) context: TenantContext,
    /// The revision with which it was checked.
    revision: Option<u64>,
}

/// A credential that was verified.
#[derive(Clone)]
struct VerifiedCredential {
    principal: Arc<Principal>,
    /// The revision of the signing keys.
    keys: u64,
}

/// The dependencies of the extractors, which turn a credential into a tenant. App data.
#[derive(Clone)]
pub struct WebState {
    directory: Arc<dyn TenantDirectory>,
    router: TenantRouter,
    credentials: Arc<dyn CredentialStore>,
    verifier: Arc<TokenVerifier>,
    verified: Cache<[u8; 32], VerifiedCredential>,
    checked: Cache<[u8; 32], Arc<CheckedCredential>>,
    limits: Option<Arc<dyn RequestLimits>>,
    lookups: CacheSeries,
}

impl<'a> Credential<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, digest: Sha256::digest(text).into() }
    }

    fn is_key(&self) -> bool {
        self.text.starts_with("ff_")
    }
}

impl WebState {
    /// Creates a state that looks up tenants in `directory`, users and keys in `credentials`.
    pub fn new(
        directory: Arc<dyn TenantDirectory>,
        credentials: Arc<dyn CredentialStore>,
        verifier: TokenVerifier,
    ) -> Self {
        Self {
            router: TenantRouter::new(directory.clone()),
            directory,
            credentials,
            verifier: Arc::new(verifier),
            verified: cache(CACHE_TIME),
            checked: cache(CHECK_TIME),
            limits: None,
            lookups: CacheSeries::of("credentials"),
        }
    }

    /// Counts each request of a tenant by `limits`. Without, they are not counted.
    #[must_use]
    pub fn with_limits(self, limits: Arc<dyn RequestLimits>) -> Self {
        Self { limits: Some(limits), ..self }
    }

    /// Returns what counts the requests of tenants.
    pub(crate) fn limits(&self) -> Option<&dyn RequestLimits> {
        self.limits.as_deref()
    }

    /// Returns the verifier of access tokens.
    pub fn verifier(&self) -> &TokenVerifier {
        &self.verifier
    }

    /// Returns the store of users and keys.
    pub fn credentials(&self) -> &dyn CredentialStore {
        &*self.credentials
    }

    /// Returns the directory of tenants.
    pub fn directory(&self) -> &dyn TenantDirectory {
        &*self.directory
    }

    /// Verifies a credential (an access token or an API key) at `now` and returns its principal.
    ///
    /// # Errors
    /// It is invalid or expired, or the store is unavailable.
    pub async fn principal(
        &self,
        credential: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Principal>, Problem> {
        self.verify(&Credential::new(credential), now).await
    }

    pub(crate) async fn verify(
        &self,
        credential: &Credential<'_>,
        now: DateTime<Utc>,
    ) -> Result<Arc<Principal>, Problem> {
        let keys = self.verifier.revision();
        if let Some(VerifiedCredential { principal, keys: former }) =
            self.verified.get(&credential.digest)
            && former == keys
            && principal.expires_at.is_none_or(|end| now < end)
            && (!credential.is_key() || self.is_unchanged(&principal).await?)
        {
            return Ok(principal);
        }
        let principal = if credential.is_key() {
            self.key_principal(credential.text, now).await?
        } else {
            self.verifier.verify(credential.text, now).map_err(token_problem)?
        };
        let principal = Arc::new(principal);
        let verified = VerifiedCredential { principal: principal.clone(), keys };
        self.verified.insert(credential.digest, verified);
        Ok(principal)
    }

    /// Returns a credential that was checked a moment ago, if it has not expired at `now` and the
    /// revision is the same.
    pub(crate) fn known(
        &self,
        credential: &Credential<'_>,
        now: DateTime<Utc>,
    ) -> Option<Arc<CheckedCredential>> {
        self.lookups.looked_up();
        let known = self.find(credential, now);
        if known.is_none() {
            self.lookups.missed();
        }
        known
    }

    fn find(
        &self,
        credential: &Credential<'_>,
        now: DateTime<Utc>,
    ) -> Option<Arc<CheckedCredential>> {
        let revision = self.revision()?;
        let known = self.checked.get(&credential.digest)?;
        let holds = known.revision == Some(revision)
            && known.principal.expires_at.is_none_or(|end| now < end);
        holds.then_some(known)
    }

    /// Checks at `now` that a verified credential was not revoked since.
    ///
    /// # Errors
    /// It was revoked or has expired, or the store is unavailable.
    pub(crate) async fn check(
        &self,
        credential: &Credential<'_>,
        principal: Arc<Principal>,
        now: DateTime<Utc>,
    ) -> Result<Arc<CheckedCredential>, Problem> {
        // A change during the check is of a later revision.
        let revision = self.revision();
        let context = self.tenant(&principal, now).await?;
        let checked = Arc::new(CheckedCredential { principal, context, revision });
        if revision.is_some() {
            self.checked.insert(credential.digest, checked.clone());
        }
        Ok(checked)
    }

    /// Returns a number that changes with users, keys, tenants and signing keys.
    fn revision(&self) -> Option<u64> {
        let announced = self.credentials.revision()?.wrapping_add(self.directory.revision()?);
        Some(announced.wrapping_add(self.verifier.revision()))
    }

    async fn key_principal(&self, key: &str, now: DateTime<Utc>) -> Result<Principal, Problem> {
        let key: ApiKey = key.parse().map_err(|_| unknown_key())?;
        let stored = self.stored_key(key.id()).await?;
        // People sort keys by the kind that they read in them.
        if stored.kind != key.kind() {
            return Err(unknown_key());
        }
        let expires_at = end_of(&stored, &key.secret_hash())?;
        check_expiry(expires_at, now)?;
        Ok(Principal {
            subject: Subject::Key(stored.id),
            client_id: Some(stored.client_id),
            authority: Authority::Key(stored.kind),
            scope: stored.campaigns.map_or(CampaignScope::All, CampaignScope::Campaigns),
            tenant_version: None,
            subject_version: Some(stored.version),
            session_id: None,
            expires_at,
        })
    }

    /// Returns whether a verified key has the rights that it had.
    async fn is_unchanged(&self, known: &Principal) -> Result<bool, Problem> {
        match &known.subject {
            Subject::Key(id) => {
                Ok(known.subject_version == Some(self.stored_key(id).await?.version))
            }
            Subject::User(_) => Ok(true),
        }
    }

    /// Reads a key. A revoked key is not found.
    async fn stored_key(&self, id: &ApiKeyId) -> Result<StoredApiKey, Problem> {
        self.credentials.api_key(id).await.map_err(unavailable)?.ok_or_else(unknown_key)
    }

    /// Returns the tenant of a principal verified before `now`, if it was not revoked since.
    ///
    /// # Errors
    /// It was revoked or has expired, or the store is unavailable.
    pub async fn tenant(
        &self,
        principal: &Principal,
        now: DateTime<Utc>,
    ) -> Result<TenantContext, Problem> {
        match &principal.subject {
            Subject::Key(id) => {
                let key = self.stored_key(id).await?;
                // A token that was issued for a key expires with the key.
                check_expiry(key.expires_at, now)?;
                let is_of_tenant = principal.client_id.as_ref() == Some(&key.client_id);
                if !is_of_tenant || principal.subject_version != Some(key.version) {
                    return Err(revoked());
                }
                self.credentials.key_was_used(id, now);
            }
            Subject::User(_) => self.check_user(principal).await?,
        }
        let client_id = principal.client_id.as_ref().ok_or_else(|| {
            Problem::new(Code::PermissionDenied, "The credential belongs to no tenant.")
        })?;
        let version = match principal.tenant_version {
            Some(version) => version,
            None => {
                let found = self.directory.find(client_id).await;
                let found = found.map_err(ResolveError::from).map_err(tenant_problem)?;
                found.map(|record| record.token_version).unwrap_or_default()
            }
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where a verified credential becomes a tenant"
        )]
        let resolved = self.router.resolve(client_id, version).await;
        resolved.map_err(|error| match error {
            // A collect key is public: why a tenant is suspended is for its owners.
            ResolveError::Suspended { reason } => {
                let may_know = principal.authority == Authority::Role(Role::Owner);
                tenant_suspended(reason.as_deref().filter(|_| may_know))
            }
            other => tenant_problem(other),
        })
    }

    /// Refuses a token of a user who was disabled, or got another role or password, after it was
    /// issued, a token of a session that has ended, and one that names another tenant than the user's.
    async fn check_user(&self, principal: &Principal) -> Result<(), Problem> {
        let Subject::User(id) = principal.subject else {
            return Err(revoked());
        };
        let version = self.credentials.user_version(id, principal.client_id.as_ref()).await;
        let version = version.map_err(unavailable)?;
        if version.is_none() || version != principal.subject_version {
            return Err(revoked());
        }
        if let Some(session) = principal.session_id {
            let ended = self.credentials.session_has_ended(id, session).await;
            if ended.map_err(unavailable)? {
                return Err(revoked());
            }
        }
        Ok(())
    }

    /// Returns the platform's context for a verified admin, whose version is checked again.
    pub(crate) async fn platform(&self, principal: &Principal) -> Result<PlatformContext, Problem> {
        self.check_user(principal).await?;
        #[expect(clippy::disallowed_methods, reason = "the one place where an admin is verified")]
        Ok(TenantRouter::platform(&principal.subject.to_string()))
    }
}

fn cache<V: Clone + Send + Sync + 'static>(lifetime: Duration) -> Cache<[u8; 32], V> {
    Cache::builder().max_capacity(CACHE_SIZE).time_to_live(lifetime).build()
}

fn revoked() -> Problem {
    Problem::new(Code::CredentialInvalid, "The token was revoked. Log in again.")
}

fn unknown_key() -> Problem {
    Problem::new(Code::CredentialInvalid, "The API key is not valid.")
}

/// Returns when a secret of a key expires, if ever.
fn end_of(key: &StoredApiKey, secret: &SecretHash) -> Result<Option<DateTime<Utc>>, Problem> {
    if key.secret_hash == *secret {
        return Ok(key.expires_at);
    }
    match &key.former_secret {
        Some(former) if former.hash == *secret => {
            let end = former.valid_until;
            Ok(Some(key.expires_at.map_or(end, |of_key| of_key.min(end))))
        }
        _ => Err(unknown_key()),
    }
}

/// Refuses an expired key.
fn check_expiry(expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), Problem> {
    match expires_at {
        Some(end) if end <= now => {
            Err(Problem::new(Code::TokenExpired, "The API key has expired."))
        }
        _ => Ok(()),
    }
}

fn token_problem(error: TokenError) -> Problem {
    match error {
        TokenError::Expired => {
            Problem::new(Code::TokenExpired, "The access token has expired. Refresh it.")
        }
        TokenError::Invalid(reason) => {
            tracing::debug!(reason, "access token refused");
            Problem::new(Code::CredentialInvalid, "The access token is not valid.")
        }
    }
}

/// Returns the problem of a suspended tenant, with the reason for those who may know it.
pub fn tenant_suspended(reason: Option<&str>) -> Problem {
    let detail = match reason {
        Some(reason) => format!("The tenant is suspended: {reason}. Ask the platform's admins."),
        None => "The tenant is suspended. Ask the platform's admins.".to_owned(),
    };
    Problem::new(Code::TenantSuspended, detail)
}

fn tenant_problem(error: ResolveError) -> Problem {
    match error {
        ResolveError::Unknown => {
            Problem::new(Code::CredentialInvalid, "The credential's tenant does not exist.")
        }
        ResolveError::Suspended { .. } => tenant_suspended(None),
        ResolveError::Revoked => revoked(),
        ResolveError::Directory(error) => Problem::unavailable(RETRY, error).naming(DIRECTORY),
    }
}

fn unavailable(error: CredentialStoreError) -> Problem {
    Problem::unavailable(RETRY, error).naming(DIRECTORY)
}
