//! A funnel of three steps over 30 days, against grouping its keys alone.

use chrono::TimeDelta;
use serde_json::json;

use super::{
    Options,
    stand::{Stand, reader, text},
};
use crate::{
    Failure,
    load::post,
    measure::{Role, Table},
    shops::History,
};

pub(crate) static TABLE: Table<6> = Table {
    name: "questions: funnel",
    columns: [
        "funnel, p50 ms",
        "grouping the keys, p50 ms",
        "ratio to grouping the keys",
        "ClickHouse, CPU ms/funnel",
        "api, CPU ms/funnel",
        "ClickHouse under grouping the keys, CPU ms/query",
    ],
};

/// When the first step is taken, and how long the last one may be taken after it.
const DAYS: i64 = 30;
const WINDOW_HOURS: i64 = 24;

/// Measures the funnel, and the grouping of the keys of the same rows through the same driver.
pub(super) async fn measure(
    stand: &Stand,
    history: &History,
    options: &Options,
) -> Result<[f64; 6], Failure> {
    let tenant = stand.second()?;
    let end = history.to;
    let to = end - TimeDelta::hours(WINDOW_HOURS);
    let from = to - TimeDelta::days(DAYS);
    let api = stand.api().await?;
    let body = json!({
        "steps": [{"event": "product_view"}, {"event": "add_to_cart"}, {"event": "purchase"}],
        "window": format!("{WINDOW_HOURS}h"),
        "time": {"from": text(from), "to": text(to)},
    })
    .to_string();
    let key = Some(tenant.read_key.as_str());
    let requests = [post(api.address, "/v1/funnels", key, "application/json", body.as_bytes())];
    let reader = reader(tenant)?;
    let group = async || {
        let mut rows = reader
            .query_raw(include_str!("../../queries/grouped_keys.sql"))
            .param("client_id", &tenant.id)
            .param("from", from.timestamp_millis())
            .param("to", end.timestamp_millis())
            .fetch::<(String, u64)>()?;
        let mut keys = 0_u64;
        while rows.next().await?.is_some() {
            keys += 1;
        }
        if keys > 0 { Ok::<_, Failure>(()) } else { Err("no key was grouped".into()) }
    };
    let grouping = options.load(1).repeat(group).await?;
    let load = options.load(1);
    let funnel = load.profiled(api.target(&requests), &options.common, "questions-funnel").await?;
    Ok([
        funnel.latencies().millis(50),
        grouping.latencies().millis(50),
        funnel.latencies().millis(50) / grouping.latencies().millis(50),
        funnel.micros(Role::ClickHouse) / 1e3,
        funnel.micros(Role::Measured) / 1e3,
        grouping.micros(Role::ClickHouse) / 1e3,
    ])
}
