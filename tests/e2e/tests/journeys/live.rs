//! The live stream: a snapshot first, then absolute numbers, and no gap after a reconnect.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use testkit::{Platform, Tier};
use tokio::time::timeout;

/// A frame of a stream.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) event: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

/// An open stream, read frame by frame.
pub(crate) struct Stream {
    response: reqwest::Response,
    pending: String,
}

impl Stream {
    pub(crate) async fn open(platform: &Platform, token: &str, after: Option<&str>) -> Self {
        Self::at(platform, "/v1/campaigns/spring/live", token, after).await
    }

    pub(crate) async fn at(
        platform: &Platform,
        path: &str,
        token: &str,
        after: Option<&str>,
    ) -> Self {
        let mut request = platform.client().get(platform.api(path)).bearer_auth(token);
        if let Some(after) = after {
            request = request.header("Last-Event-ID", after);
        }
        Self::of(request.send().await.unwrap())
    }

    fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, pending: String::new() }
    }

    pub(crate) async fn next(&mut self) -> Frame {
        loop {
            while let Some((frame, rest)) = self.pending.split_once("\n\n") {
                let frame = frame.to_owned();
                let rest = rest.to_owned();
                self.pending = rest;
                let field = |name: &str| {
                    let found =
                        frame.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    found.unwrap_or_default().trim_start().to_owned()
                };
                if !field("event").is_empty() {
                    let data = serde_json::from_str(&field("data")).unwrap_or_default();
                    return Frame { event: field("event"), id: field("id"), data };
                }
            }
            let chunk = timeout(Duration::from_secs(20), self.response.chunk()).await;
            let chunk = chunk.expect("a frame or a heartbeat").unwrap().expect("an open stream");
            self.pending.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Reads updates until one has `expected` impressions in a quarter hour.
    pub(crate) async fn until_impressions(&mut self, expected: u64) -> Frame {
        loop {
            let frame = self.next().await;
            let buckets = frame.data["buckets"].as_array().cloned().unwrap_or_default();
            let seen =
                buckets.iter().map(|bucket| bucket["impressions"].as_u64().unwrap_or(0)).max();
            assert!(seen.unwrap_or(0) <= expected, "{frame:?}");
            if frame.event == "update" && seen == Some(expected) {
                return frame;
            }
        }
    }
}

/// Returns `count` impressions, all in the same quarter hour.
pub(crate) fn impressions(count: usize, at: DateTime<Utc>) -> Value {
    let event = json!({"type": "ad_impression", "campaign_id": "spring", "event_time": at});
    json!(vec![event; count])
}

#[tokio::test]
async fn an_advertiser_sees_a_snapshot_then_absolute_numbers() {
    let platform = Platform::start().await;
    let now = Utc::now();
    for tier in Tier::ALL {
        let tenant = platform.onboard(tier).await;
        let mut stream = Stream::open(&platform, &tenant.advertiser, None).await;
        let snapshot = stream.next().await;
        assert_eq!(snapshot.event, "snapshot");

        platform.collect(&tenant.collect_key, &impressions(3, now)).await.expect(202);
        let first = stream.until_impressions(3).await;
        assert!(!first.id.is_empty());
        platform.collect(&tenant.collect_key, &impressions(2, now)).await.expect(202);
        stream.until_impressions(5).await;
    }
}

#[tokio::test]
async fn a_client_that_reconnects_misses_nothing() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let now = Utc::now();
    let mut stream = Stream::open(&platform, &tenant.advertiser, None).await;
    platform.collect(&tenant.collect_key, &impressions(1, now)).await.expect(202);
    let last = stream.until_impressions(1).await;
    drop(stream);

    platform.collect(&tenant.collect_key, &impressions(4, now)).await.expect(202);
    platform.wait_for_count(&tenant, "spring", "impressions", 5).await;
    let mut stream = Stream::open(&platform, &tenant.advertiser, Some(&last.id)).await;
    let frame = stream.next().await;
    assert_eq!(frame.event, "update", "missed updates come first, not a new snapshot");
    assert_eq!(frame.data["buckets"][0]["impressions"], 5);
}

#[tokio::test]
async fn an_event_source_that_reconnects_with_its_ticket_misses_nothing() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let now = Utc::now();
    let request = json!({"campaign_id": "spring"});
    let ticket = platform.post(&tenant.advertiser, "/v1/live/tickets", &request).await.expect(201);
    let url = platform.api(ticket.json()["url"].as_str().unwrap());
    let mut stream = Stream::of(platform.client().get(&url).send().await.unwrap());
    for total in 1..4 {
        platform.collect(&tenant.collect_key, &impressions(1, now)).await.expect(202);
        let last = stream.until_impressions(2 * total - 1).await;
        drop(stream);
        platform.collect(&tenant.collect_key, &impressions(1, now)).await.expect(202);
        platform.wait_for_count(&tenant, "spring", "impressions", 2 * total).await;
        let again = platform.client().get(&url).header("Last-Event-ID", &last.id);
        stream = Stream::of(again.send().await.unwrap());
        let frame = stream.next().await;
        assert_eq!(frame.event, "update", "missed updates, not a new snapshot");
        assert_eq!(frame.data["buckets"][0]["impressions"], 2 * total);
    }
}

#[tokio::test]
async fn a_stream_of_all_campaigns_has_the_numbers_of_each_and_resumes() {
    let platform = Platform::start().await;
    for tier in Tier::ALL {
        let tenant = platform.onboard(tier).await;
        let now = Utc::now();
        // Returns the impressions of a campaign in a frame.
        let counted = |frame: &Frame, campaign: &str| {
            let parts = frame.data["campaigns"].as_array().unwrap().iter();
            let mut of_campaign = parts.filter(|part| part["campaign_id"] == campaign);
            let buckets = of_campaign.next().map(|part| part["buckets"].as_array().unwrap().iter());
            buckets.and_then(|buckets| {
                buckets.map(|bucket| bucket["impressions"].as_u64().unwrap()).max()
            })
        };
        let mut stream = Stream::at(&platform, "/v1/live", &tenant.owner, None).await;
        let mut last = stream.next().await;
        assert_eq!((last.event.as_str(), counted(&last, "spring")), ("snapshot", None));
        platform.collect(&tenant.collect_key, &impressions(3, now)).await.expect(202);
        while counted(&last, "spring") != Some(3) {
            last = stream.next().await;
        }
        drop(stream);
        let mut more = impressions(2, now);
        more[0]["campaign_id"] = json!("autumn");
        platform.collect(&tenant.collect_key, &more).await.expect(202);
        platform.wait_for_count(&tenant, "autumn", "impressions", 1).await;
        platform.wait_for_count(&tenant, "spring", "impressions", 4).await;
        let mut again = Stream::at(&platform, "/v1/live", &tenant.owner, Some(&last.id)).await;
        let missed = again.next().await;
        assert_eq!(missed.event, "update", "missed updates come first, not a new snapshot");
        assert_eq!((counted(&missed, "spring"), counted(&missed, "autumn")), (Some(4), Some(1)));
        let mut own = Stream::at(&platform, "/v1/live", &tenant.advertiser, None).await;
        let snapshot = own.next().await;
        assert_eq!((counted(&snapshot, "spring"), counted(&snapshot, "autumn")), (Some(4), None));
    }
}

#[tokio::test]
async fn a_stream_of_another_advertisers_campaign_is_not_found() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    platform.get(&tenant.advertiser, "/v1/campaigns/autumn/live").await.expect(404);
    platform.get(&tenant.collect_key, "/v1/campaigns/spring/live").await.expect(403);
}
