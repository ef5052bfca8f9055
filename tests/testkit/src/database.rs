use std::{
    thread,
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::time::sleep;
use uuid::Uuid;

use crate::setting;

const PATIENCE: Duration = Duration::from_secs(5);
const BETWEEN: Duration = Duration::from_millis(50);
/// What a test's pool may hold: many run at a time.
const CONNECTIONS: u32 = 8;

/// A database of one's own on the stack's PostgreSQL, dropped with this.
pub struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    /// Empty: no table yet.
    pub async fn create() -> Self {
        let server = setting("FOOTFALL__POSTGRES__URL");
        let name = format!("test_{}", Uuid::now_v7().simple());
        let (address, _) = server.rsplit_once('/').expect("a URL with a database");
        let url = format!("{address}/{name}");
        let create = [format!("CREATE DATABASE {name}")];
        execute(&server, create).await.expect("a PostgreSQL whose role may create databases");
        Self { server, name, url }
    }

    /// Its name, which no other has.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where to connect to it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The settings of the control plane in it, in its own type.
    pub fn settings<T: DeserializeOwned>(&self) -> T {
        serde_json::from_value(json!({ "url": self.url, "max_connections": CONNECTIONS }))
            .unwrap_or_else(|error| panic!("settings of PostgreSQL: {error}"))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropped = thread::spawn(move || drop_database(&server, &name)).join();
        // A test that fails says why itself; a second panic would end the program.
        if !thread::panicking() {
            let dropped = dropped.expect("dropping does not panic");
            dropped.unwrap_or_else(|error| {
                panic!("database {} is still there after {PATIENCE:?}: {error}", self.name)
            });
        }
    }
}

/// Not `WITH (FORCE)`, which is refused whenever autovacuum happens to be at work there.
#[tokio::main(flavor = "current_thread")]
async fn drop_database(server: &str, name: &str) -> Result<(), sqlx::Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let ours = format!("datname = '{name}' AND usename = current_user");
        let statements = [
            // Or pools that are still open come back at once.
            format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}"),
            format!("DROP DATABASE {name}"),
        ];
        match execute(server, statements).await {
            Err(_) if Instant::now() < deadline => sleep(BETWEEN).await,
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
