use std::{
    env,
    hash::{DefaultHasher, Hash, Hasher},
    thread,
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, migrate::Migrator};
use tokio::{sync::OnceCell, time::sleep};
use uuid::Uuid;

use crate::{
    setting,
    setting::{certificates, optional},
};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How long dropping a database is tried. One attempt alone waits up to five seconds for other sessions to end.
const TIMEOUT: Duration = Duration::from_secs(60);
const RETRY_EVERY: Duration = Duration::from_millis(50);
/// The connections of a test's pool; many tests run at a time.
const CONNECTIONS: u32 = 8;

/// A private database on the stack's PostgreSQL, dropped with this value.
pub struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    /// Creates an empty database.
    pub async fn create() -> Self {
        Self::copy_of("template1").await
    }

    /// Creates a database that has the control plane's tables: a copy, which takes a fifth of the time of all
    /// migrations. Logins have no privileges yet.
    pub async fn migrated() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let server = setting("FOOTFALL__POSTGRES__URL");
        let template = TEMPLATE.get_or_try_init(|| create_template(&server)).await;
        Self::copy_of(template.expect("a PostgreSQL whose role may create databases")).await
    }

    async fn copy_of(template: &str) -> Self {
        let server = setting("FOOTFALL__POSTGRES__URL");
        let name = format!("test_{}", Uuid::now_v7().simple());
        let url = sibling(&server, &name);
        let create = [format!("CREATE DATABASE {name} TEMPLATE {template}")];
        execute(&server, create).await.expect("a PostgreSQL whose role may create databases");
        Self { server, name, url }
    }

    /// Returns its unique name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the URL to connect to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the URL to connect as one of the services' logins: `platform`, `tenant` or `ledger`. None if the
    /// stack's PostgreSQL does not have them.
    pub fn login_url(&self, login: &str) -> Option<String> {
        let account = env::var(format!("POSTGRES_{}_LOGIN", login.to_uppercase())).ok()?;
        let (_, place) = self.url.rsplit_once('@')?;
        Some(format!("postgres://{account}@{place}"))
    }

    /// Returns the control plane's settings for this database, in the control plane's type: with each login, if
    /// the stack has them.
    pub fn settings<T: DeserializeOwned>(&self) -> T {
        let settings = json!({
            "url": self.url,
            "platform_url": self.login_url("platform").unwrap_or_default(),
            "tenant_url": self.login_url("tenant").unwrap_or_default(),
            "ledger_url": self.login_url("ledger").unwrap_or_default(),
            "max_connections": CONNECTIONS,
            "tls": certificates(optional, "POSTGRES"),
        });
        serde_json::from_value(settings)
            .unwrap_or_else(|error| panic!("settings of PostgreSQL: {error}"))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let server = self.server.clone();
        let name = self.name.clone();
        let dropped = thread::spawn(move || drop_database(&server, &name)).join();
        // A second panic would abort the program and hide the test's failure.
        if !thread::panicking() {
            let dropped = dropped.expect("dropping does not panic");
            dropped.unwrap_or_else(|error| {
                panic!("database {} is still there after {TIMEOUT:?}: {error}", self.name)
            });
        }
    }
}

/// Creates the database that migrated ones are copied from, unless the stack has it. Returns its name, which
/// changes with the migrations.
async fn create_template(server: &str) -> Result<String, sqlx::Error> {
    let mut hasher = DefaultHasher::new();
    MIGRATIONS.iter().for_each(|migration| migration.checksum.hash(&mut hasher));
    let name = format!("migrated_{:016x}", hasher.finish());

    let mut connection = PgConnection::connect(server).await?;
    // Several programs run tests at a time. The lock ends with the connection.
    connection.execute("SELECT pg_advisory_lock(hashtext('template'))").await?;
    let find = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(&name);
    if connection.fetch_optional(find).await?.is_none() {
        let part = format!("{name}_part");
        let create = [format!("DROP DATABASE IF EXISTS {part}"), format!("CREATE DATABASE {part}")];
        execute(server, create).await?;
        let mut migrated = PgConnection::connect(&sibling(server, &part)).await?;
        MIGRATIONS.run(&mut migrated).await?;
        migrated.close().await?;
        execute(server, [format!("ALTER DATABASE {part} RENAME TO {name}")]).await?;
    }
    connection.close().await?;
    Ok(name)
}

/// Returns the URL of another database of the same server.
fn sibling(server: &str, name: &str) -> String {
    let (address, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{address}/{name}")
}

/// Drops a database without `WITH (FORCE)`, which fails while autovacuum works on it.
#[tokio::main(flavor = "current_thread")]
async fn drop_database(server: &str, name: &str) -> Result<(), sqlx::Error> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        // Also those of the services' logins, of which the owner is a member.
        let own = "pg_has_role(current_user, usesysid, 'member')";
        let sessions = format!("datname = '{name}' AND {own}");
        let statements = [
            // Otherwise open pools reconnect at once.
            format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {sessions}"),
            format!("DROP DATABASE {name}"),
        ];
        match execute(server, statements).await {
            Err(_) if Instant::now() < deadline => sleep(RETRY_EVERY).await,
            outcome => return outcome,
        }
    }
}

async fn execute(
    server: &str,
    statements: impl IntoIterator<Item = String>,
) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server).await?;
    for statement in statements {
        connection.execute(AssertSqlSafe(statement)).await?;
    }
    connection.close().await
}
