use std::{str::FromStr, sync::Arc};

use lifecycle::Lifecycle;
use sqlx::{migrate::Migrator, postgres::PgConnectOptions};
use tenancy::{ClientId, PlatformContext, TenantContext};

use crate::{
    ControlPlaneError, Ledger, PlatformControl, PostgresSettings, TenantControl,
    credentials::{KeyCache, VersionCache},
    directory::{OriginCache, TenantCache},
    listener,
    pool::{Pool, Transaction},
};

static MIGRATIONS: Migrator = sqlx::migrate!("../../../migrations/postgres");

/// A statement that runs longer is broken off by the server.
const STATEMENT_TIMEOUT: &str = "10s";

/// A process that begins a transaction and does not go on with it loses it, and its locks: one that
/// froze must not hold up those who take over from it. Shorter than it takes to notice that it froze.
const IDLE_TIMEOUT: &str = "5s";

/// The control plane's database. Cloning shares connections and caches.
#[derive(Clone)]
pub struct ControlPlane {
    pub(crate) pool: Pool,
    pub(crate) tenants: Arc<TenantCache>,
    pub(crate) keys: Arc<KeyCache>,
    pub(crate) origins: Arc<OriginCache>,
    pub(crate) versions: Arc<VersionCache>,
}

impl ControlPlane {
    /// Connects, and fails at once when nothing answers.
    pub async fn connect(settings: &PostgresSettings) -> Result<Self, ControlPlaneError> {
        let options = PgConnectOptions::from_str(settings.url.expose())
            .map_err(|_| ControlPlaneError::Address)?
            .application_name("footfall")
            .options([
                ("statement_timeout", STATEMENT_TIMEOUT),
                ("idle_in_transaction_session_timeout", IDLE_TIMEOUT),
            ]);
        let pool = Pool::connect(options, settings.max_connections).await?;
        let (tenants, keys, origins, versions) = Default::default();
        Ok(Self { pool, tenants, keys, origins, versions })
    }

    /// Brings the tables up to date. Safe to run twice, and by many processes at once.
    pub async fn migrate(&self) -> Result<(), ControlPlaneError> {
        Ok(self.pool.migrate(&MIGRATIONS).await?)
    }

    /// Whether PostgreSQL answers.
    pub async fn ping(&self) -> Result<(), ControlPlaneError> {
        sqlx::query(sql!("session/ping")).execute(&self.pool).await?;
        Ok(())
    }

    /// One tenant's campaigns, products, people and keys.
    pub fn for_tenant(&self, context: &TenantContext) -> TenantControl {
        TenantControl::new(self.clone(), context.clone())
    }

    /// The platform's own work: tenants, clusters, migrations, audit.
    pub fn for_platform(&self, context: &PlatformContext) -> PlatformControl {
        PlatformControl::new(self.clone(), context.clone())
    }

    /// What the processors have done.
    pub fn ledger(&self) -> Ledger {
        Ledger::new(self.pool.clone())
    }

    /// Drops cached tenants, keys and users' versions as soon as PostgreSQL says they changed.
    pub fn listen(&self, lifecycle: &Lifecycle) {
        listener::start(self, lifecycle);
    }

    /// A transaction that sees one tenant's rows.
    pub(crate) async fn begin_tenant(
        &self,
        client_id: &ClientId,
    ) -> Result<Transaction, ControlPlaneError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(sql!("session/for_tenant"))
            .bind(client_id.as_str())
            .execute(&mut transaction)
            .await?;
        Ok(transaction)
    }

    /// A transaction that sees every tenant's rows.
    pub(crate) async fn begin_platform(&self) -> Result<Transaction, ControlPlaneError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(sql!("session/for_platform")).execute(&mut transaction).await?;
        Ok(transaction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_freezes_in_a_transaction_holds_up_the_others_for_seconds_only() {
        let database = testkit::Database::create().await;
        let connect = async || ControlPlane::connect(&database.settings()).await.unwrap();
        let (frozen, other) = (connect().await, connect().await);
        other.migrate().await.unwrap();
        let mut transaction = frozen.pool.begin().await.unwrap();
        let lock = sqlx::query(sql!("ledger/lock_generations"));
        lock.execute(&mut transaction).await.unwrap();
        assert_eq!(other.ledger().generation("events", "one", 1).await.unwrap(), 1);
        assert!(transaction.commit().await.is_err(), "it has lost its lock");
    }
}
