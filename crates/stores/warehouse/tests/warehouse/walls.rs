//! The wall below the bound tenant: what the reader account can and cannot do in each tier, whatever it asks.

use clickhouse::{Client, error::Error};
use events::EventType::AdClick;
use tenancy::Isolation;
use uuid::Uuid;

use crate::shop::{Shop, event};

/// Error codes of a statement that the server does not let the account run.
const REFUSALS: [&str; 3] = [
    "Code: 497.", // ACCESS_DENIED
    "Code: 164.", // READONLY
    "Code: 452.", // SETTING_CONSTRAINT_VIOLATION
];

/// FUNCTION_THROW_IF_VALUE_IS_NON_ZERO: the server has seen a row.
const THROWN: &str = "Code: 395.";

/// A tenant that has no row anywhere.
const STRANGER: &str = "wall-stranger";

/// Returns the first line of the answer to a statement that names a tenant.
async fn answer(client: &Client, statement: &str, named: Option<&str>) -> Result<String, Error> {
    let mut query = client.query_raw(statement);
    if let Some(named) = named {
        query = query.with_setting("log_comment", named);
    }
    let bytes = query.fetch_bytes("TSV")?.collect().await?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// Whether an answer says anything of a row.
fn tells(answer: &Result<String, Error>) -> bool {
    match answer {
        Ok(text) => !["", "0", "\\N"].contains(&text.as_str()),
        Err(error) => error.to_string().contains(THROWN),
    }
}

fn is_refused(answer: &Result<String, Error>) -> bool {
    answer.as_ref().is_err_and(|error| {
        let text = error.to_string();
        REFUSALS.iter().any(|code| text.contains(code))
    })
}

/// Adds a row to each table that reports read.
async fn fill(shop: &Shop) {
    shop.insert(0, vec![event(AdClick, "2026-03-01T12:00:00Z")]).await;
    let (database, id) = (&shop.context.destination().database, shop.context.client_id());
    for insert in [
        "rejected_events (client_id, received_at, reject_id) SELECT '{id}', now64(3), generateUUIDv4()",
        "kept_rollups (client_id, received_on, attempt) SELECT '{id}', today(), generateUUIDv4()",
        "kept_days (client_id, received_on, attempt) SELECT '{id}', today(), generateUUIDv4()",
    ] {
        let insert = format!("INSERT INTO {database}.{}", insert.replace("{id}", id.as_str()));
        shop.writer().query_raw(&insert).execute().await.unwrap();
    }
}

#[tokio::test]
async fn no_way_round_the_row_policy_finds_a_row_of_another_tenant() {
    for isolation in Isolation::ALL {
        let shop = Shop::of(isolation, "wall-rows").await;
        fill(&shop).await;
        let (database, id) = (&shop.context.destination().database, shop.context.client_id());
        let (writer, reader) = (shop.writer(), shop.reader());
        let count = format!("SELECT count() FROM {database}.events");
        let own = answer(&reader, &count, Some(id.as_str())).await;
        assert!(tells(&own), "{isolation:?}: the tenant does not see its own rows: {own:?}");

        let mut ways = 0;
        let all = include_str!("ways_round.sql").split("\n\n");
        for template in all.filter(|text| !text.starts_with("--")) {
            let way = template.replace("{db}", database).replace("{theirs}", id.as_str());
            let without_wall = answer(&writer, &way, None).await;
            assert!(tells(&without_wall), "no way to a row: {way}: {without_wall:?}");
            for named in [None, Some(""), Some(STRANGER)] {
                let seen = answer(&reader, &way, named).await;
                assert!(!tells(&seen), "{isolation:?}, {named:?}: {way}: {seen:?}");
            }
            ways += 1;
        }
        assert!(ways > 40, "{ways} ways");
        shop.close().await;
    }
}

#[tokio::test]
async fn a_new_table_shows_nothing_of_another_tenant_until_it_is_opened() {
    for isolation in Isolation::ALL {
        let shop = Shop::of(isolation, "wall-tables").await;
        let (database, id) = (&shop.context.destination().database, shop.context.client_id());
        let (writer, reader) = (shop.writer(), shop.reader());
        for columns in ["client_id String", "name String"] {
            let table = format!("{database}.new_{}", Uuid::now_v7().simple());
            for statement in [
                format!("CREATE TABLE {table} ({columns}) ENGINE = MergeTree ORDER BY tuple()"),
                format!("INSERT INTO {table} SELECT '{id}'"),
            ] {
                writer.query_raw(&statement).execute().await.unwrap();
            }
            let count = format!("SELECT count() FROM {table}");
            assert!(tells(&answer(&writer, &count, None).await));
            let seen = answer(&reader, &count, Some(STRANGER)).await;
            let drop_table = format!("DROP TABLE {table} SYNC");
            writer.query_raw(&drop_table).execute().await.unwrap();
            assert!(!tells(&seen), "{isolation:?}: {columns}: {seen:?}");
        }
        shop.close().await;
    }
}

#[tokio::test]
async fn the_reader_account_gets_no_further_than_reports() {
    let shop = Shop::open(Isolation::Shared).await;
    let reader = shop.reader();
    for statement in [
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SELECT 1 SETTINGS max_execution_time = 100000",
        "SELECT 1 SETTINGS max_memory_usage = 0",
        "SELECT 1 SETTINGS max_threads = 64",
        "SELECT 1 SETTINGS use_query_cache = 1",
        "SELECT 1 SETTINGS use_query_condition_cache = 1",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT * FROM remote('127.0.0.1', 'footfall_shared', 'events')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'text String')",
        "SELECT * FROM file('events.csv', 'CSV', 'text String')",
        "ALTER TABLE events DELETE WHERE 1",
        "CREATE TABLE events_of_all AS events",
        "DROP TABLE events",
        "CREATE ROW POLICY everything ON footfall_shared.* USING 1 TO footfall_reader",
    ] {
        let seen = answer(&reader, statement, Some(shop.context.client_id().as_str())).await;
        assert!(is_refused(&seen), "{statement}: {seen:?}");
    }
}

#[tokio::test]
async fn the_writer_account_takes_no_row_policy_away() {
    let shop = Shop::open(Isolation::Shared).await;
    for statement in [
        "DROP ROW POLICY footfall_reader ON footfall_shared.events",
        "CREATE ROW POLICY everything ON footfall_shared.* USING 1 TO footfall_reader",
        "CREATE USER somebody IDENTIFIED BY 'somebody'",
        "GRANT ALL ON *.* TO footfall_reader",
    ] {
        let seen = answer(&shop.writer(), statement, None).await;
        assert!(is_refused(&seen), "{statement}: {seen:?}");
    }
}
