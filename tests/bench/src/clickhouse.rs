use std::time::Duration;

use ::clickhouse::Client as Driver;
use bytes::Bytes;
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use tenancy::Destination;
use tokio::time::{Instant, sleep};

use crate::Failure;

/// Between two looks at a server: rarely enough to cost it little.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The longest wait for running merges.
const MERGES_TIMEOUT: Duration = Duration::from_secs(60);

/// Merges have ended when there was none for so long.
const QUIET: Duration = Duration::from_millis(600);

/// A ClickHouse server of the stack, asked with the writer's account unless a method names another.
#[derive(Clone)]
pub(crate) struct ClickHouse {
    client: Client,
    account: Account,
}

/// The address of a server, and its accounts.
#[derive(Clone, Deserialize)]
pub(crate) struct Account {
    pub(crate) url: String,
    writer_user: String,
    writer_password: String,
    /// The account of reports.
    pub(crate) reader_user: String,
    pub(crate) reader_password: String,
}

impl ClickHouse {
    /// Returns the server of a cluster.
    pub(crate) fn of(cluster: &str) -> Self {
        Self { client: Client::new(), account: testkit::cluster(cluster) }
    }

    /// Returns its address and accounts.
    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// Returns the driver that the services use, in a database.
    pub(crate) fn writer(&self, database: &str) -> Driver {
        let Account { url, writer_user, writer_password, .. } = &self.account;
        let driver = Driver::default().with_url(url).with_database(database);
        driver.with_user(writer_user).with_password(writer_password)
    }

    /// Returns the same driver with the account of reports, which sees the rows of the tenant that the
    /// setting `log_comment` names.
    pub(crate) fn reader(&self, database: &str, tenant: &str) -> Driver {
        let Account { reader_user, reader_password, .. } = &self.account;
        let driver = self.writer(database).with_setting("log_comment", tenant);
        driver.with_user(reader_user).with_password(reader_password)
    }

    fn request(&self, parameters: &[(&str, &str)]) -> Result<RequestBuilder, Failure> {
        let url = Url::parse_with_params(&self.account.url, parameters)?;
        let Account { writer_user, writer_password, .. } = &self.account;
        Ok(self.client.post(url).basic_auth(writer_user, Some(writer_password)))
    }

    /// Runs a statement and returns its answer.
    ///
    /// # Errors
    /// The server refuses it, with its reason.
    pub(crate) async fn run(&self, sql: impl Into<String>) -> Result<String, Failure> {
        let bytes = self.read(sql).await?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// Runs a query and returns the bytes of its answer.
    ///
    /// # Errors
    /// The server refuses it, with its reason.
    pub(crate) async fn read(&self, sql: impl Into<String>) -> Result<Bytes, Failure> {
        answer(self.request(&[])?.body(sql.into())).await
    }

    /// Runs a query that returns a number.
    ///
    /// # Errors
    /// The server refuses it, or returns something else.
    pub(crate) async fn number(&self, sql: impl Into<String>) -> Result<u64, Failure> {
        Ok(self.run(sql).await?.parse()?)
    }

    /// Inserts a block with the settings of the store sink's inserts.
    ///
    /// # Errors
    /// The server refuses it, with its reason.
    pub(crate) async fn insert(&self, statement: &str, block: Bytes) -> Result<(), Failure> {
        let parameters = [
            ("query", statement),
            ("async_insert", "0"),
            ("max_insert_block_size", "1048576"),
            ("max_insert_threads", "1"),
            ("input_format_parallel_parsing", "0"),
            ("wait_end_of_query", "1"),
        ];
        answer(self.request(&parameters)?.body(block)).await.map(drop)
    }

    /// Counts the rows of a table, from its list of parts.
    ///
    /// # Errors
    /// The server does not answer.
    pub(crate) async fn rows(&self, database: &str) -> Result<u64, Failure> {
        self.number(format!(
            "SELECT sum(rows) FROM system.parts \
             WHERE active AND table = 'events' AND database = '{database}'"
        ))
        .await
    }

    /// Waits until no merge runs, so that its cost is measured and does not fall on the next
    /// measurement.
    ///
    /// # Errors
    /// The server does not answer.
    pub(crate) async fn merged(&self) -> Result<(), Failure> {
        let deadline = Instant::now() + MERGES_TIMEOUT;
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < QUIET && Instant::now() < deadline {
            if self.number("SELECT count() FROM system.merges").await? > 0 {
                quiet_since = Instant::now();
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}

async fn answer(request: RequestBuilder) -> Result<Bytes, Failure> {
    let response = request.send().await?;
    let status = response.status();
    let body = response.bytes().await?;
    match status.is_success() {
        true => Ok(body),
        false => Err(format!("ClickHouse: {status}: {}", String::from_utf8_lossy(&body)).into()),
    }
}

/// Waits for both servers of the stack: see [`ClickHouse::merged`].
///
/// # Errors
/// A server does not answer.
pub(crate) async fn all_merged() -> Result<(), Failure> {
    for cluster in ["shared", "dedicated"] {
        ClickHouse::of(cluster).merged().await?;
    }
    Ok(())
}

/// The tables that some rows go to.
pub(crate) struct Tables {
    databases: Vec<(ClickHouse, String)>,
    before: u64,
}

impl Tables {
    /// Finds the tables, and counts the rows that they have already.
    ///
    /// # Errors
    /// A server does not answer.
    pub(crate) async fn of(destinations: &[(Destination, Vec<String>)]) -> Result<Self, Failure> {
        let databases = destinations.iter().map(|(destination, _)| {
            (ClickHouse::of(destination.cluster.as_str()), destination.database.clone())
        });
        let mut tables = Self { databases: databases.collect(), before: 0 };
        tables.before = tables.rows().await?;
        Ok(tables)
    }

    /// Returns one table.
    ///
    /// # Errors
    /// The server does not answer.
    pub(crate) async fn one(server: &ClickHouse, database: &str) -> Result<Self, Failure> {
        let mut tables = Self { databases: vec![(server.clone(), database.to_owned())], before: 0 };
        tables.before = tables.rows().await?;
        Ok(tables)
    }

    async fn rows(&self) -> Result<u64, Failure> {
        let mut rows = 0;
        for (server, database) in &self.databases {
            rows += server.rows(database).await?;
        }
        Ok(rows - self.before.min(rows))
    }

    /// Waits until `expected` rows more are visible, and returns the rows per second from the first
    /// to the last.
    ///
    /// # Errors
    /// There are more, or some are missing after `within`.
    pub(crate) async fn rate_until(&self, expected: u64, within: Duration) -> Result<f64, Failure> {
        let began = Instant::now();
        let mut first = None;
        loop {
            let rows = self.rows().await?;
            if rows > 0 {
                let (at, before) = *first.get_or_insert((Instant::now(), rows));
                if rows == expected && before == expected {
                    // All at once: the load is too small for a rate without the start.
                    return Ok(rows as f64 / began.elapsed().as_secs_f64());
                }
                if rows == expected {
                    return Ok((rows - before) as f64 / at.elapsed().as_secs_f64());
                }
            }
            if rows > expected || began.elapsed() > within {
                return Err(format!("{rows} rows are visible, not {expected}").into());
            }
            sleep(LOOK_EVERY).await;
        }
    }
}
