//! Queries by two dimensions, compared with the period before, with the ten largest segments and the rest.

use chrono::TimeDelta;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::json;

use super::{
    Options,
    stand::{Api, Stand, text},
};
use crate::{
    Failure,
    load::post,
    measure::{Role, Table},
    shops::{History, SharedTenant},
};

pub(crate) static TABLE: Table<8> = Table {
    name: "questions: two dimensions",
    columns: [
        "campaign and placement, p50 ms",
        "campaign and placement, p95 ms",
        "campaign and placement: ClickHouse, CPU ms/query",
        "campaign and placement: api, CPU ms/query",
        "device and country, p50 ms",
        "device and country, p95 ms",
        "device and country: ClickHouse, CPU ms/query",
        "device and country: api, CPU ms/query",
    ],
};

/// Different requests, which are sent in turn: more than are answered while an answer is cached.
const REQUESTS: usize = 2_000;

/// The range of a query: as much time before it is compared with it.
const DAYS: i64 = 7;

/// Measures queries that read the rows of the events, and queries that read a rollup.
pub(super) async fn measure(
    stand: &Stand,
    history: &History,
    options: &Options,
) -> Result<[f64; 8], Failure> {
    let api = stand.api().await?;
    let measured = async |name: &str, dimensions: [&str; 2]| {
        let requests = requests(stand.second()?, &api, history, options, dimensions);
        let load = options.load(1);
        let outcome = load.profiled(api.target(&requests), &options.common, name).await?;
        Ok::<_, Failure>([
            outcome.latencies().millis(50),
            outcome.latencies().millis(95),
            outcome.micros(Role::ClickHouse) / 1e3,
            outcome.micros(Role::Measured) / 1e3,
        ])
    };
    let [rows_p50, rows_p95, rows_clickhouse, rows_api] =
        measured("questions-rows", ["campaign", "placement"]).await?;
    let [rollup_p50, rollup_p95, rollup_clickhouse, rollup_api] =
        measured("questions-rollup", ["device", "country"]).await?;
    Ok([
        rows_p50,
        rows_p95,
        rows_clickhouse,
        rows_api,
        rollup_p50,
        rollup_p95,
        rollup_clickhouse,
        rollup_api,
    ])
}

/// Returns queries about random weeks of a tenant.
fn requests(
    tenant: &SharedTenant,
    api: &Api,
    history: &History,
    options: &Options,
    dimensions: [&str; 2],
) -> Vec<Vec<u8>> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let length = TimeDelta::days(DAYS);
    let requests = (0..REQUESTS).map(|_| {
        let from = history.random_start(&mut random, length * 2) + length;
        let body = json!({
            "metrics": ["impressions", "clicks", "ctr", "spend", "sales", "roas"],
            "dimensions": dimensions,
            "time": {"from": text(from), "to": text(from + length)},
            "compare": {"to": "previous_period"},
            "top": {"n": 10, "by": "sales", "others": true},
        })
        .to_string();
        let key = Some(tenant.read_key.as_str());
        post(api.address, "/v1/query", key, "application/json", body.as_bytes())
    });
    requests.collect()
}
