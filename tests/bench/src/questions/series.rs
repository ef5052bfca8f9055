//! A day of a campaign by hour, against `SELECT 1` through the same driver.

use chrono::TimeDelta;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    Options,
    stand::{Api, Stand, reader, text},
};
use crate::{
    Failure,
    load::get,
    measure::{Role, Table},
    shops::History,
};

pub(crate) static TABLE: Table<18> = Table {
    name: "questions: campaign series",
    columns: [
        "1 client, p50 ms",
        "1 client, p99 ms",
        "8 clients, requests/s",
        "8 clients, p99 ms",
        "32 clients, requests/s",
        "32 clients, p99 ms",
        "p99 at 32 clients, ratio to 8",
        "ClickHouse at 8 clients, CPU µs/request",
        "api at 8 clients, CPU µs/request",
        "PostgreSQL at 8 clients, CPU µs/request",
        "`SELECT 1`, 1 client, p50 ms",
        "`SELECT 1`, 1 client, p99 ms",
        "`SELECT 1`, 8 clients, queries/s",
        "`SELECT 1`, 8 clients, p99 ms",
        "`SELECT 1`, 32 clients, p99 ms",
        "ClickHouse under `SELECT 1` at 8 clients, CPU µs/query",
        "CPU of ClickHouse and api, ratio to `SELECT 1`",
        "p99 at 1 client, ratio to `SELECT 1`",
    ],
};

/// Different requests, which are sent in turn: more than are answered while an answer is cached.
const REQUESTS: usize = 20_000;

/// Measures both with 1, 8 and 32 clients, by turns.
pub(super) async fn measure(
    stand: &Stand,
    history: &History,
    options: &Options,
) -> Result<[f64; 18], Failure> {
    let api = stand.api().await?;
    let requests = requests(stand, &api, history, options);
    let reader = reader(stand.largest()?)?;
    let simplest = async || {
        reader.query_raw("SELECT 1").fetch_one::<u8>().await?;
        Ok::<_, Failure>(())
    };
    let series = async |clients: u16| {
        let name = format!("questions-series-{clients}");
        options.load(clients).profiled(api.target(&requests), &options.common, &name).await
    };
    let floor_of_1 = options.load(1).repeat(&simplest).await?;
    let of_1 = series(1).await?;
    let floor_of_8 = options.load(8).repeat(&simplest).await?;
    let of_8 = series(8).await?;
    let floor_of_32 = options.load(32).repeat(&simplest).await?;
    let of_32 = series(32).await?;
    let both = of_8.micros(Role::ClickHouse) + of_8.micros(Role::Measured);
    Ok([
        of_1.latencies().millis(50),
        of_1.latencies().millis(99),
        of_8.rate(),
        of_8.latencies().millis(99),
        of_32.rate(),
        of_32.latencies().millis(99),
        of_32.latencies().millis(99) / of_8.latencies().millis(99),
        of_8.micros(Role::ClickHouse),
        of_8.micros(Role::Measured),
        of_8.micros(Role::Postgres),
        floor_of_1.latencies().millis(50),
        floor_of_1.latencies().millis(99),
        floor_of_8.rate(),
        floor_of_8.latencies().millis(99),
        floor_of_32.latencies().millis(99),
        floor_of_8.micros(Role::ClickHouse),
        both / floor_of_8.micros(Role::ClickHouse),
        of_1.latencies().millis(99) / floor_of_1.latencies().millis(99),
    ])
}

/// Returns requests for days of the tenants' campaigns: the tenants by turns, everything else at random.
fn requests(stand: &Stand, api: &Api, history: &History, options: &Options) -> Vec<Vec<u8>> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let day = TimeDelta::hours(24);
    let tenants = stand.tenants.iter().cycle().take(REQUESTS);
    let requests = tenants.map(|tenant| {
        let campaign = random.random_range(0..options.campaigns);
        let start = history.random_start(&mut random, day);
        let (from, to) = (text(start), text(start + day));
        let path = format!(
            "/v1/campaigns/campaign-{campaign}/metrics?granularity=hour&from={from}&to={to}"
        );
        get(api.address, &path, Some(&tenant.read_key))
    });
    requests.collect()
}
