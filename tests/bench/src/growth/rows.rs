use std::path::Path;

use chrono::{DurationRound, SecondsFormat, TimeDelta, Utc};
use testkit::Tenant;

use super::{Line, up_to};
use crate::{
    Failure,
    clickhouse::{ClickHouse, all_merged},
    load::{Connection, get},
    measure::{Durations, Meter, Role, servers},
    platform::{address, with_api, with_collector},
    shops::{Retailers, send},
    store::{Waiting, platform_of},
};

/// Events that are sent; their rows are then copied, a day back with each copy.
const EVENTS: usize = 200_000;

/// Days back of the first copy: beyond the hours that Redis holds.
const FIRST_DAY: u64 = 5;

/// Reports of each size.
const REPORTS: i64 = 50;

/// Measures an uncached report while the table of its tenant grows.
pub(super) async fn measure(program: &Path, most: u64) -> Result<Vec<Line>, Failure> {
    let platform = platform_of(program, 6).await;
    let _api = with_api(&platform).await;
    let retailers = Retailers::onboard(&platform, 1).await;
    let tenant = retailers.first()?;
    let server = ClickHouse::of("shared");
    let count = format!("SELECT count() FROM {TABLE} WHERE client_id = '{}'", tenant.id);
    {
        let _collector = with_collector(&platform).await;
        let mut processor = platform.spawn(&["processor"]);
        send(&platform, tenant, EVENTS).await?;
        while server.number(&count).await? < EVENTS as u64 {
            processor.must_be_running();
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }
    let mut lines = [
        Line::new("rows in the table", "uncached report, p50 ms"),
        Line::new("rows in the table", "uncached report: ClickHouse, CPU µs"),
    ];
    let mut day = FIRST_DAY;
    let sizes = [1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000];
    for (number, size) in (0..).zip(up_to(&sizes, most)) {
        while server.number(&count).await? < size {
            let before = server.number(&count).await?;
            server.run(copy(&tenant.id, day)).await?;
            if server.number(&count).await? == before {
                return Err("no rows were copied".into());
            }
            day += 1;
        }
        all_merged().await?;
        let rows = server.number(&count).await? as f64;
        let meter = Meter::start(servers());
        let taken = reports(&address(&platform.api("/"))?, tenant, number).await?;
        let [time, cpu] = &mut lines;
        time.add(rows, taken.millis(50));
        cpu.add(rows, meter.read().micros_per(Role::ClickHouse, REPORTS as f64));
    }
    Waiting { platform, filled: Default::default(), destinations: retailers.destinations()? }
        .remove()
        .await?;
    Ok(lines.into())
}

const TABLE: &str = "footfall_shared.events";

/// Copies the rows that were sent, `day` days back, under other ids and places. A condition beside the
/// replaced columns would read the new ones.
fn copy(tenant: &str, day: u64) -> String {
    let original = 1_000_000_000_u64;
    format!(
        "INSERT INTO {TABLE} SELECT * REPLACE(\
           event_time - toIntervalDay({day}) AS event_time, \
           received_at - toIntervalDay({day}) AS received_at, \
           generateUUIDv4() AS event_id, \
           koff + {day} * {original} AS koff) \
         FROM (SELECT * FROM {TABLE} WHERE client_id = '{tenant}' AND koff < {original})"
    )
}

/// Asks for reports over 24 hours, each of another range, so that none is cached.
async fn reports(
    address: &std::net::SocketAddr,
    tenant: &Tenant,
    size: i64,
) -> Result<Durations, Failure> {
    let mut connection = Connection::open(*address).await?;
    let mut taken = Durations::default();
    let quarter = TimeDelta::minutes(15);
    let end = Utc::now().duration_trunc(quarter)? - TimeDelta::days(FIRST_DAY as i64 - 1);
    for number in 0..REPORTS {
        // Other minutes for each size: the length of the range makes it another request.
        let from = end - TimeDelta::hours(24) - quarter * (number as i32);
        let to = end + quarter * (size as i32);
        let time = |time: chrono::DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        let path = format!(
            "/v1/campaigns/campaign-0/metrics?granularity=hour&from={}&to={}",
            time(from),
            time(to)
        );
        let request = get(*address, &path, Some(&tenant.read_key));
        let began = std::time::Instant::now();
        match connection.ask(&request).await? {
            200 => taken.add(began.elapsed()),
            status => return Err(format!("the api answered {status}").into()),
        }
    }
    Ok(taken)
}
