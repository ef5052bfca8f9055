use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use futures::future::OptionFuture;
use indicatif::ProgressBar;
use metrics::QuarterHour;
use serde_json::json;
use testkit::{Platform, Tenant, eventually};
use tokio::{
    time::{Instant, sleep, timeout},
    try_join,
};
use uuid::Uuid;

use super::live_stream::LiveStream;
use crate::{Failure, measure::Durations};

/// How far marked events are dated back, to a quarter hour without other traffic.
const BACK: TimeDelta = TimeDelta::hours(1);
/// Every tenth event is also measured over REST.
const REST_EVERY: u32 = 10;
/// The pause between two requests over REST.
const REST_PAUSE: Duration = Duration::from_millis(10);
/// The shortest interval of a live stream's frames.
const FRAME_PACE_MS: u64 = 200;
/// An event that is not seen within this time counts as lost.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The other traffic of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// Nothing.
    Quiet,
    /// The ads of the simulated traffic.
    Busy,
}

impl Load {
    /// Returns the campaign with this load.
    pub(crate) fn campaign(self) -> &'static str {
        match self {
            Self::Quiet => "bench",
            Self::Busy => "spring",
        }
    }
}

/// A campaign with an open live stream.
pub(crate) struct WatchedCampaign<'a> {
    platform: &'a Platform,
    tenant: &'a Tenant,
    campaign: &'static str,
    quarter: DateTime<Utc>,
    marked: u64,
    stream: LiveStream,
}

/// The times measured on one campaign.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    /// Until the collector's 202.
    pub(crate) accepted: Durations,
    /// Until a frame of the live stream.
    pub(crate) streamed: Durations,
    /// Until an answer over REST.
    pub(crate) reported: Durations,
}

impl<'a> WatchedCampaign<'a> {
    /// Creates the campaign with a first marked event, and opens its live stream.
    ///
    /// # Errors
    /// The stream does not open.
    pub(crate) async fn open(
        platform: &'a Platform,
        tenant: &'a Tenant,
        load: Load,
    ) -> Result<Self, Failure> {
        let campaign = load.campaign();
        let quarter = QuarterHour::containing(Utc::now() - BACK).start();
        send(platform, tenant, campaign, quarter).await;
        let path = format!("/v1/campaigns/{campaign}");
        eventually("the campaign is listed", async || {
            let answer = platform.get(&tenant.read_key, &path).await;
            answer.status.is_success().then_some(())
        })
        .await;
        let request = platform.client().get(platform.api(&format!("{path}/live")));
        let response = request.bearer_auth(&tenant.read_key).send().await?.error_for_status()?;
        let stream = LiveStream::new(response);
        Ok(Self { platform, tenant, campaign, quarter, marked: 1, stream })
    }

    /// Sends marked events, each after the previous one was seen.
    ///
    /// # Errors
    /// An event is not seen in time, or the stream ends.
    pub(crate) async fn measure(
        &mut self,
        tries: u32,
        progress: &ProgressBar,
    ) -> Result<Freshness, Failure> {
        let mut freshness = Freshness::default();
        for number in 1..=tries {
            sleep(Duration::from_millis(FRAME_PACE_MS + rand::random_range(0..FRAME_PACE_MS)))
                .await;
            let with_rest = number % REST_EVERY == 0;
            let outcome = timeout(TIMEOUT, self.mark(with_rest, &mut freshness)).await;
            outcome.map_err(|_| format!("event {number} was not seen within {TIMEOUT:?}"))??;
            progress.inc(1);
        }
        progress.finish_and_clear();
        Ok(freshness)
    }

    /// Sends one event and waits until it is seen everywhere.
    async fn mark(&mut self, with_rest: bool, freshness: &mut Freshness) -> Result<(), Failure> {
        let Self { platform, tenant, campaign, quarter, ref mut marked, ref mut stream } = *self;
        *marked += 1;
        let expected = *marked;
        let began = Instant::now();
        let accepted = async {
            send(platform, tenant, campaign, quarter).await;
            Ok::<_, Failure>(began.elapsed())
        };
        let streamed = async {
            stream.until(quarter, expected).await?;
            Ok(began.elapsed())
        };
        let reported = async {
            let report =
                with_rest.then(|| until_reported(platform, tenant, campaign, quarter, expected));
            Ok(OptionFuture::from(report).await.map(|()| began.elapsed()))
        };
        let (accepted, streamed, reported) = try_join!(accepted, streamed, reported)?;
        freshness.accepted.add(accepted);
        freshness.streamed.add(streamed);
        if let Some(reported) = reported {
            freshness.reported.add(reported);
        }
        Ok(())
    }
}

/// Sends one impression, dated into `quarter`, which must be accepted.
async fn send(platform: &Platform, tenant: &Tenant, campaign: &str, quarter: DateTime<Utc>) {
    let event = json!([{
        "event_id": Uuid::now_v7(),
        "type": "ad_impression",
        "campaign_id": campaign,
        "event_time": quarter,
    }]);
    platform.collect(&tenant.collect_key, &event).await.expect(202);
}

/// Polls REST until `quarter` has `expected` impressions.
async fn until_reported(
    platform: &Platform,
    tenant: &Tenant,
    campaign: &str,
    quarter: DateTime<Utc>,
    expected: u64,
) {
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let from = time(quarter);
    let to = time(quarter + BACK * 2);
    let path = format!(
        "/v1/campaigns/{campaign}/metrics?granularity=15m&metrics=impressions&from={from}&to={to}"
    );
    loop {
        let answer = platform.get(&tenant.read_key, &path).await.expect(200).json();
        if answer.pointer("/series/0/impressions").and_then(|count| count.as_u64())
            == Some(expected)
        {
            return;
        }
        sleep(REST_PAUSE).await;
    }
}
