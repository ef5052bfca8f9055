use reqwest::Client;
use serde_json::Value;
use testkit::{Tier, cluster};

use crate::{
    Failure,
    stand::{Shop, Stand},
};

const COUNT_WITH: &str = include_str!("../../queries/count_with.sql");
const COPY_TABLE: &str = include_str!("../../queries/copy_table.sql");
const COPY_ROWS: &str = include_str!("../../queries/copy_rows.sql");
const DROP_TABLE: &str = include_str!("../../queries/drop_table.sql");
const DATABASES: &str = include_str!("../../queries/databases.sql");
const PART_FOLDERS: &str = include_str!("../../queries/part_folders.sql");
/// The tables with what persons sent.
const TABLES: [&str; 2] = ["events", "rejected_events"];

/// The tables of ClickHouse, as an administrator sees them.
pub(super) struct Tables {
    client: Client,
    cluster: Value,
}

/// The tables of a statement.
#[derive(Clone, Copy)]
struct Names<'a> {
    database: &'a str,
    from: &'a str,
    to: &'a str,
}

impl Tables {
    pub(super) fn of(stand: &Stand) -> Self {
        Self { client: stand.platform.client().clone(), cluster: cluster("shared") }
    }

    /// Counts the rows of a tenant that have its word, in each of its places.
    pub(super) async fn rows_with_word(&self, shop: &Shop) -> Result<usize, Failure> {
        let mut rows = 0;
        let databases = self.run(DATABASES, &[("own", &own_database(shop))]).await?;
        for database in databases.lines() {
            for from in TABLES {
                let names = Names { database, from, to: "" };
                rows += self.of_shop(COUNT_WITH, names, shop).await?.trim().parse::<usize>()?;
            }
        }
        Ok(rows)
    }

    /// Copies the rows of the tenant's persons beside their tables, as a backup would have them.
    pub(super) async fn copy(&self, shop: &Shop) -> Result<(), Failure> {
        let database = &database(shop);
        for from in TABLES {
            let to = &copy_of(shop, from);
            let names = Names { database, from, to };
            self.of_shop(COPY_TABLE, names, shop).await?;
            self.of_shop(COPY_ROWS, names, shop).await?;
        }
        Ok(())
    }

    /// Inserts the copied rows again, and drops the copies.
    pub(super) async fn restore(&self, shop: &Shop) -> Result<(), Failure> {
        let database = &database(shop);
        for to in TABLES {
            let from = &copy_of(shop, to);
            self.of_shop(COPY_ROWS, Names { database, from, to }, shop).await?;
            self.of_shop(DROP_TABLE, Names { database, from: "", to: from }, shop).await?;
        }
        Ok(())
    }

    /// Returns the folders of the files of all tables that may hold rows of a tenant.
    pub(super) async fn part_folders(&self, shop: &Shop) -> Result<Vec<String>, Failure> {
        let listed = self.run(PART_FOLDERS, &[("own", &own_database(shop))]).await?;
        Ok(listed.lines().map(str::to_owned).collect())
    }

    /// Runs a statement about the rows of a tenant that have its word.
    async fn of_shop(
        &self,
        statement: &str,
        names: Names<'_>,
        shop: &Shop,
    ) -> Result<String, Failure> {
        let Names { database, from, to } = names;
        let named = [("{database}", database), ("{from}", from), ("{to}", to)];
        let statement = named
            .into_iter()
            .fold(statement.to_owned(), |text, (name, value)| text.replace(name, value));
        let (client_id, word) = (&shop.tenant.id, &shop.words.content);
        self.run(&statement, &[("client_id", client_id), ("word", word)]).await
    }

    async fn run(&self, statement: &str, values: &[(&str, &str)]) -> Result<String, Failure> {
        let field = |name: &str| self.cluster.get(name).and_then(Value::as_str).unwrap_or_default();
        // Names of databases and tenants, and words, contain no character that a URL needs escaped.
        let values: Vec<_> =
            values.iter().map(|(name, value)| format!("param_{name}={value}")).collect();
        let url = format!("{}/?{}", field("url").trim_end_matches('/'), values.join("&"));
        let request = self.client.post(url).body(statement.to_owned());
        let request = request.basic_auth(field("writer_user"), Some(field("writer_password")));
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            return Err(format!("clickhouse: {status}: {text}").into());
        }
        Ok(text)
    }
}

/// Returns the database where a tenant was placed first.
fn database(shop: &Shop) -> String {
    match shop.tier {
        Tier::Shared => "footfall_shared".to_owned(),
        Tier::Schema | Tier::Dedicated => own_database(shop),
    }
}

fn own_database(shop: &Shop) -> String {
    format!("tenant_{}", shop.tenant.id.replace('-', "_"))
}

fn copy_of(shop: &Shop, table: &str) -> String {
    format!("copy_{}_{table}", shop.words.address)
}
