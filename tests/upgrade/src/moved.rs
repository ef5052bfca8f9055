//! A fixture brought to the present: Redis counts the last three days only, so what was recent when
//! it was captured must be recent when it is asked. Whole days keep every hour the hour it was.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use redis::AsyncCommands;
use reqwest::Client;

use crate::TENANTS;

/// What was recent: a day more than Redis counts.
const RECENT: TimeDelta = TimeDelta::days(4);
/// How long the keys of an hour and of a day outlived their start.
const HOUR_KEPT: TimeDelta = TimeDelta::hours(74);
const DAY_KEPT: TimeDelta = TimeDelta::days(9);

/// Moves what was recent at `captured`.
pub(crate) async fn by(
    later: TimeDelta,
    captured: DateTime<Utc>,
    servers: &BTreeMap<String, String>,
) {
    move_counters(later, &servers["FOOTFALL__REDIS__URL"]).await;
    if later.is_zero() {
        return;
    }
    for tenant in TENANTS {
        let table = format!("{}.events", tenant.database);
        let days = later.num_days();
        // In tables as the build of the fixture made them, so that its rollups are made with them.
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

/// Has a cluster execute a statement, as its writer.
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

/// Gives every counter the name and the end that it would have had.
async fn move_counters(later: TimeDelta, url: &str) {
    let client = redis::Client::open(url).expect("an address");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let keys: Vec<String> = redis.keys("*").await.expect("Redis answers");
    for key in keys {
        let Some(counter) = Counter::read(&key) else { continue };
        let (name, ends) = counter.moved(later);
        if name != key {
            let _: () = redis.rename(&key, &name).await.expect("Redis answers");
        }
        let _: () = redis.expire_at(&name, ends).await.expect("Redis answers");
    }
}

/// A key that is named by an hour or a day: `client_…_2026112702{b00}`.
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

    /// Its name, and its end in Unix seconds.
    fn moved(&self, later: TimeDelta) -> (String, i64) {
        let start = self.start + later;
        let (form, kept) =
            if self.is_hour { ("%Y%m%d%H", HOUR_KEPT) } else { ("%Y%m%d", DAY_KEPT) };
        let name = format!("{}_{}{}", self.before, start.format(form), self.after);
        (name, (start + kept).and_utc().timestamp())
    }
}
