use std::{iter, str::FromStr, sync::Arc};

use lifecycle::Lifecycle;
use settings::Secret;
use sqlx::{migrate::Migrator, postgres::PgConnectOptions};
use tenancy::{ClientId, PlatformContext, TenantContext};

use crate::{
    ControlPlaneError, Ledger, PlatformControl, PostgresSettings, TenantControl,
    credentials::{KeyCache, KeyUses, VersionCache, key_uses},
    directory::{OriginCache, TenantCache},
    listener,
    pool::{Pool, Transaction},
};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../../../migrations/postgres");

/// The server cancels a statement that runs longer.
const STATEMENT_TIMEOUT: &str = "10s";

/// The server ends a transaction that is idle for longer and releases its locks, so that a frozen
/// process does not block its successors. Shorter than the time after which a freeze is noticed.
const IDLE_TIMEOUT: &str = "5s";

/// The control plane's database. Cloning shares connections and caches.
#[derive(Clone)]
pub struct ControlPlane {
    /// Of the platform's login.
    pub(crate) pool: Pool,
    /// Of the tenants' login, if they have one.
    tenant_pool: Option<Pool>,
    /// Of the ledger's login, if it has one.
    ledger_pool: Option<Pool>,
    /// The role that owns the tables.
    owner: Arc<PgConnectOptions>,
    pub(crate) tenants: Arc<TenantCache>,
    pub(crate) keys: Arc<KeyCache>,
    pub(crate) key_uses: Arc<KeyUses>,
    pub(crate) origins: Arc<OriginCache>,
    pub(crate) versions: Arc<VersionCache>,
}

impl ControlPlane {
    /// Connects, and fails at once when PostgreSQL does not answer.
    pub async fn connect(settings: &PostgresSettings) -> Result<Self, ControlPlaneError> {
        let owner = options(settings, &settings.url)?;
        // The listener has one of its own.
        let most = settings.max_connections.saturating_sub(1);
        let pool = match connect(settings, &settings.platform_url, most).await? {
            Some(pool) => pool,
            None => Pool::connect(owner.clone(), most).await?,
        };
        let tenant_pool = connect(settings, &settings.tenant_url, settings.max_connections).await?;
        let ledger_pool = connect(settings, &settings.ledger_url, settings.max_connections).await?;
        let (tenants, keys, key_uses, origins, versions) = Default::default();
        Ok(Self {
            pool,
            tenant_pool,
            ledger_pool,
            owner: Arc::new(owner),
            tenants,
            keys,
            key_uses,
            origins,
            versions,
        })
    }

    /// Migrates the tables, and gives the logins that exist their privileges. Safe to run twice, and from many
    /// processes at once.
    pub async fn migrate(&self) -> Result<(), ControlPlaneError> {
        let pool = self.owner_pool().await?;
        pool.migrate(&MIGRATIONS).await?;
        sqlx::query(sql!("privileges")).execute(&pool).await?;
        Ok(())
    }

    /// Connects as the role that owns the tables.
    pub(crate) async fn owner_pool(&self) -> Result<Pool, ControlPlaneError> {
        Ok(Pool::connect(PgConnectOptions::clone(&self.owner), 1).await?)
    }

    /// Whether PostgreSQL answers.
    pub async fn ping(&self) -> Result<(), ControlPlaneError> {
        sqlx::query(sql!("session/ping")).execute(&self.pool).await?;
        Ok(())
    }

    /// Updates the gauges of the connections to PostgreSQL.
    pub fn observe_connections(&self) {
        let others = [&self.tenant_pool, &self.ledger_pool].into_iter().flatten();
        Pool::observe(iter::once(&self.pool).chain(others));
    }

    /// Returns access to one tenant's campaigns, products, users and keys.
    pub fn for_tenant(&self, context: &TenantContext) -> TenantControl {
        TenantControl::new(self.clone(), context.clone())
    }

    /// Returns access to the platform's own work: tenants, clusters, migrations, the audit log.
    pub fn for_platform(&self, context: &PlatformContext) -> PlatformControl {
        PlatformControl::new(self.clone(), context.clone())
    }

    /// Returns access to the work that the processors have done.
    pub fn ledger(&self) -> Ledger {
        Ledger::new(self.ledger_pool().clone())
    }

    fn ledger_pool(&self) -> &Pool {
        self.ledger_pool.as_ref().unwrap_or(&self.pool)
    }

    /// Invalidates cached tenants, keys and users' versions as soon as PostgreSQL reports a change, and
    /// writes every minute when keys were last used.
    pub fn listen(&self, lifecycle: &Lifecycle) {
        listener::start(self, lifecycle);
        key_uses::start(self, lifecycle);
    }

    /// Begins a transaction that sees one tenant's rows.
    pub(crate) async fn begin_tenant(
        &self,
        client_id: &ClientId,
    ) -> Result<Transaction, ControlPlaneError> {
        let pool = self.tenant_pool.as_ref().unwrap_or(&self.pool);
        let mut transaction = pool.begin().await?;
        sqlx::query(sql!("session/for_tenant"))
            .bind(client_id.as_str())
            .execute(&mut transaction)
            .await?;
        Ok(transaction)
    }

    /// Begins a transaction that sees every tenant's rows.
    pub(crate) async fn begin_platform(&self) -> Result<Transaction, ControlPlaneError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(sql!("session/for_platform")).execute(&mut transaction).await?;
        Ok(transaction)
    }
}

/// Returns how to connect to `url`.
fn options(
    settings: &PostgresSettings,
    url: &Secret,
) -> Result<PgConnectOptions, ControlPlaneError> {
    let options =
        PgConnectOptions::from_str(url.expose()).map_err(|_| ControlPlaneError::Address)?;
    Ok(settings.with_certificates(url, options).application_name("footfall").options([
        ("statement_timeout", STATEMENT_TIMEOUT),
        ("idle_in_transaction_session_timeout", IDLE_TIMEOUT),
    ]))
}

/// Connects a login; none if its URL is empty.
async fn connect(
    settings: &PostgresSettings,
    url: &Secret,
    most: u32,
) -> Result<Option<Pool>, ControlPlaneError> {
    if url.expose().is_empty() {
        return Ok(None);
    }
    Ok(Some(Pool::connect(options(settings, url)?, most).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_frozen_in_a_transaction_blocks_the_others_for_seconds_only() {
        let database = testkit::Database::create().await;
        let connect = async || ControlPlane::connect(&database.settings()).await.unwrap();
        let frozen = connect().await;
        let other = connect().await;
        other.migrate().await.unwrap();
        let mut transaction = frozen.ledger_pool().begin().await.unwrap();
        let lock = sqlx::query(sql!("ledger/lock_generations"));
        lock.execute(&mut transaction).await.unwrap();
        let generation = other.ledger().generation("events", "one", 1).await.unwrap();
        assert_eq!(generation.get(), 1);
        assert!(transaction.commit().await.is_err(), "it has lost its lock");
    }
}
