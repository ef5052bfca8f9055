//! Moves a fixture to the present: Redis counts only the last three days, so recent events of the
//! capture must be recent in the test. Moving by whole days keeps the hour of every event.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use redis::AsyncCommands;
use reqwest::Client;

use crate::TENANTS;

/// The range of recent events: a day more than Redis counts.
const RECENT: TimeDelta = TimeDelta::days(4);
/// The retention of keys of an hour and of a day, from their start.
const HOUR_RETENTION: TimeDelta = TimeDelta::hours(74);
const DAY_RETENTION: TimeDelta = TimeDelta::days(9);

/// Moves events that were recent at `captured` by `shift`.
pub(crate) async fn move_to_present(
    shift: TimeDelta,
    captured: DateTime<Utc>,
    servers: &BTreeMap<String, String>,
) {
    move_counters(shift, &servers["FOOTFALL__REDIS__URL"]).await;
    if shift.is_zero() {
        return;
    }
    for tenant in TENANTS {
        let table = format!("{}.events", tenant.database);
        let days = shift.num_days();
        // The tables are those of the fixture's build, so that its rollups are computed.
        let moving = [
            format!(
                "INSERT INTO {table} SELECT * REPLACE (event_time + INTERVAL {days} DAY AS event_time, \
                 received_at + INTERVAL {days} DAY AS received_at, \
                 collected_at + INTERVAL {days} DAY AS collected_at) \
                 FROM {table} WHERE client_id = '{}' AND event_time >= toDateTime({})",
                tenant.id,
                (captured - RECENT).timestamp(),
            ),
            format!(
                "ALTER TABLE {table} DELETE WHERE client_id = '{}' AND event_time >= toDateTime({}) \
                 AND received_at < toDateTime({}) SETTINGS mutations_sync = 2",
                tenant.id,
                (captured - RECENT).timestamp(),
                (captured + TimeDelta::hours(1)).timestamp(),
            ),
        ];
        for statement in moving {
            execute(servers, tenant.cluster, statement).await;
        }
    }
}

/// Executes a statement on a cluster, with the writer's account.
async fn execute(servers: &BTreeMap<String, String>, cluster: &str, statement: String) {
    let cluster = cluster.to_uppercase();
    let setting = |name: &str| &servers[&format!("FOOTFALL__CLUSTERS__{cluster}__{name}")];
    let request = Client::new().post(setting("URL")).body(statement);
    let request = request.basic_auth(setting("WRITER_USER"), Some(setting("WRITER_PASSWORD")));
    let answer = request.send().await.expect("ClickHouse answers");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    assert!(status.is_success(), "{text}");
}

/// Gives every counter its name and expiry after the shift.
async fn move_counters(shift: TimeDelta, url: &str) {
    let client = redis::Client::open(url).expect("an address");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let keys: Vec<String> = redis.keys("*").await.expect("Redis answers");
    for key in keys {
        let Some(counter) = Counter::read(&key) else { continue };
        let (name, expires) = counter.moved(shift);
        if name != key {
            let _: () = redis.rename(&key, &name).await.expect("Redis answers");
        }
        let _: () = redis.expire_at(&name, expires).await.expect("Redis answers");
    }
}

/// A key named by an hour or a day: `client_…_2026112702{b00}`.
struct Counter<'a> {
    before: &'a str,
    start: NaiveDateTime,
    is_hour: bool,
    after: &'a str,
}

impl<'a> Counter<'a> {
    fn read(key: &'a str) -> Option<Self> {
        let (name, _) = key.split_once('{')?;
        let (before, time) = name.rsplit_once('_')?;
        let after = key.strip_prefix(name)?;
        let day = NaiveDate::parse_from_str(time.get(..8)?, "%Y%m%d").ok()?;
        let hour = match time.get(8..)? {
            "" => 0,
            hour => hour.parse().ok()?,
        };
        Some(Self { before, start: day.and_hms_opt(hour, 0, 0)?, is_hour: time.len() == 10, after })
    }

    /// Returns the moved name, and the expiry in Unix seconds.
    fn moved(&self, shift: TimeDelta) -> (String, i64) {
        let start = self.start + shift;
        let (form, retention) =
            if self.is_hour { ("%Y%m%d%H", HOUR_RETENTION) } else { ("%Y%m%d", DAY_RETENTION) };
        let name = format!("{}_{}{}", self.before, start.format(form), self.after);
        (name, (start + retention).and_utc().timestamp())
    }
}
