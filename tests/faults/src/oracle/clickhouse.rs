use std::collections::HashMap;

use reqwest::Client;
use tenancy::{Isolation, TenantContext};
use uuid::Uuid;
use warehouse::ClusterSettings;

use crate::Failure;

const ROWS: &str = include_str!("../../queries/rows.sql");
const DROP_DATABASE: &str = include_str!("../../queries/drop_database.sql");
const SET_WINDOW: &str = include_str!("../../queries/set_window.sql");

/// The rows of one event, summed up.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) campaign: String,
    pub(crate) quarter: i64,
    pub(crate) kind: String,
    pub(crate) rows: u64,
    pub(crate) events: u64,
    pub(crate) places: u64,
    pub(crate) units: u64,
}

/// Reads every event of a tenant from ClickHouse, without code of the platform.
pub(crate) async fn stored(
    client: &Client,
    tenant: &TenantContext,
) -> Result<HashMap<Uuid, Vec<Stored>>, Failure> {
    let text = query(client, tenant, ROWS, "").await?;
    let mut events = HashMap::<_, Vec<_>>::new();
    for line in text.lines() {
        let (id, stored) = parse(line).ok_or_else(|| format!("clickhouse answered {line:?}"))?;
        events.entry(id).or_default().push(stored);
    }
    Ok(events)
}

/// Sets the deduplication window of a tenant's table to this number of tokens.
pub(crate) async fn set_window(
    client: &Client,
    tenant: &TenantContext,
    tokens: u32,
) -> Result<(), Failure> {
    query(client, tenant, SET_WINDOW, &format!("&param_tokens={tokens}")).await.map(drop)
}

/// Drops a tenant's own database; shared tables stay.
pub(crate) async fn drop_database(client: &Client, tenant: &TenantContext) -> Result<(), Failure> {
    match tenant.placement().isolation {
        Isolation::Shared => Ok(()),
        _ => query(client, tenant, DROP_DATABASE, "").await.map(drop),
    }
}

async fn query(
    client: &Client,
    tenant: &TenantContext,
    sql: &str,
    more: &str,
) -> Result<String, Failure> {
    let destination = tenant.destination();
    let cluster: ClusterSettings = testkit::cluster(destination.cluster.as_str());
    // Names of databases and tenants contain no character that a URL needs escaped.
    let database = &destination.database;
    let client_id = tenant.client_id();
    let parameters = format!("param_database={database}&param_client_id={client_id}{more}");
    let response = client
        .post(format!("{}/?{parameters}", cluster.url))
        .basic_auth(&cluster.writer_user, Some(cluster.writer_password.expose()))
        .body(sql.to_owned())
        .send()
        .await?;
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() || text.contains("__exception__") {
        return Err(format!("clickhouse: {status}: {text}").into());
    }
    Ok(text)
}

fn parse(line: &str) -> Option<(Uuid, Stored)> {
    let mut columns = line.split('\t');
    let id = columns.next()?.parse().ok()?;
    let stored = Stored {
        campaign: columns.next()?.to_owned(),
        quarter: columns.next()?.parse().ok()?,
        kind: columns.next()?.to_owned(),
        rows: columns.next()?.parse().ok()?,
        events: columns.next()?.parse().ok()?,
        places: columns.next()?.parse().ok()?,
        units: columns.next()?.parse().ok()?,
    };
    Some((id, stored))
}
