use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use reqwest::Client;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::counts::{Counts, Quarters};
use crate::Failure;

/// A stream without data for so long is dead: its heartbeat is 15 seconds.
const DEAD_AFTER: Duration = Duration::from_secs(40);
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// A client of a campaign's live stream, which keeps the last counts of each quarter hour.
#[derive(Clone, Default)]
pub(crate) struct LiveStream {
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    quarters: Quarters,
    /// The start of the last snapshot: the stream no longer sends earlier quarter hours.
    from: Option<i64>,
    last_id: Option<String>,
}

impl LiveStream {
    /// Reads the stream, and reconnects whenever it ends.
    pub(crate) async fn follow(self, client: Client, url: String, key: String) {
        loop {
            // A broken stream is expected here; the missed updates must arrive later.
            let _ = self.connect(&client, &url, &key).await;
            sleep(RETRY_PAUSE).await;
        }
    }

    async fn connect(&self, client: &Client, url: &str, key: &str) -> Result<(), Failure> {
        let mut request = client.get(url).bearer_auth(key);
        if let Some(id) = self.locked(|seen| seen.last_id.clone()) {
            request = request.header("Last-Event-ID", id);
        }
        let mut response = request.send().await?.error_for_status()?;
        let mut pending = Vec::new();
        while let Some(chunk) = timeout(DEAD_AFTER, response.chunk()).await?? {
            pending.extend_from_slice(&chunk);
            while let Some(end) = pending.windows(2).position(|two| two == b"\n\n") {
                let frame: Vec<u8> = pending.drain(..end + 2).collect();
                self.locked(|seen| seen.apply(&String::from_utf8_lossy(&frame)));
            }
        }
        Ok(())
    }

    /// Returns the counts of each quarter hour, and the first one that the stream still sends;
    /// `None` before the first snapshot.
    pub(crate) fn quarters(&self) -> Option<(Quarters, i64)> {
        self.locked(|seen| Some((seen.quarters.clone(), seen.from?)))
    }

    fn locked<T>(&self, access: impl FnOnce(&mut Seen) -> T) -> T {
        access(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Seen {
    fn apply(&mut self, frame: &str) {
        let field = |name: &str| {
            let mut lines = frame.lines();
            lines.find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned()))
        };
        let data: Value =
            field("data").and_then(|data| serde_json::from_str(&data).ok()).unwrap_or_default();
        let buckets: Quarters = buckets(data.get("buckets")).collect();
        match field("event").as_deref() {
            Some("snapshot") => {
                self.from = buckets.keys().next().copied();
                self.quarters = buckets;
            }
            Some("update") => self.quarters.extend(buckets),
            Some("reset") => self.last_id = None,
            _ => return,
        }
        self.last_id = field("id").or(self.last_id.take());
    }
}

/// Reads the quarter hours of a list of buckets.
pub(super) fn buckets(list: Option<&Value>) -> impl Iterator<Item = (i64, Counts)> {
    let buckets = list.and_then(Value::as_array).into_iter().flatten();
    buckets.filter_map(|bucket| {
        let start: DateTime<Utc> = bucket.get("start")?.as_str()?.parse().ok()?;
        Some((start.timestamp(), Counts::of_bucket(bucket)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_replaces_all_counts_and_an_update_changes_its_own() {
        let mut seen = Seen::default();
        let bucket = |start: &str, clicks: u64| {
            format!("{{\"buckets\":[{{\"start\":\"{start}\",\"clicks\":{clicks}}}]}}")
        };
        let snapshot = bucket("1970-01-01T00:15:00Z", 1);
        seen.apply(&format!("retry: 1\nid: 1-0\nevent: snapshot\ndata: {snapshot}\n\n"));
        let update = bucket("1970-01-01T00:30:00Z", 2);
        seen.apply(&format!("id: 2-0\nevent: update\ndata: {update}\n\n"));
        assert_eq!((seen.from, seen.last_id.as_deref()), (Some(900), Some("2-0")));
        assert_eq!(seen.quarters.values().map(|counts| counts.clicks).collect::<Vec<_>>(), [1, 2]);
        seen.apply("event: reset\ndata: {}\n\n");
        assert_eq!(seen.last_id, None);
    }
}
