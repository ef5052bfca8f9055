use std::time::Duration;

use actix_web::web::Bytes;
use aggregates::{AggregatesError, CampaignFeed, Change, Feed, StreamId};
use auth::Principal;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use metrics::{Granularity, QuarterHour, QuarterSeries, Sums, TimeRange};
use problem::Problem;
use tenancy::{CampaignId, TenantContext};
use tokio::time::{Instant, sleep_until};

use super::{
    Live, LiveReport,
    frames::{self, Currencies, END, HEARTBEAT, RESET, Snapshot, Today, Update},
    open_streams::OpenStream,
};

/// Between two frames: at most five a second, so that an event never waits long for its frame.
const PACE: Duration = Duration::from_millis(200);
/// Between two signs of life.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);
/// What a snapshot shows at least, also just after midnight.
const SHOWN: TimeDelta = TimeDelta::hours(2);
/// Ends are exclusive: with this more, the present moment is in a range.
const MOMENT: TimeDelta = TimeDelta::milliseconds(1);
/// When to ask again after Redis was away.
const RETRY: Duration = Duration::from_secs(1);

/// One client's stream of one campaign.
pub(crate) struct CampaignStream {
    live: Live,
    tenant: TenantContext,
    campaign: CampaignId,
    feed: CampaignFeed,
    first: Option<Bytes>,
    ends: Instant,
    next_frame: Instant,
    next_heartbeat: Instant,
    ended: bool,
    _open: OpenStream,
}

impl CampaignStream {
    /// Opens a stream that goes on after `resume`, or begins with a snapshot, and ends with the
    /// credential.
    ///
    /// # Errors
    /// Too many streams are open, or a store is away.
    pub(crate) async fn open(
        live: &Live,
        tenant: &TenantContext,
        principal: &Principal,
        campaign: CampaignId,
        resume: Option<StreamId>,
    ) -> Result<Self, Problem> {
        let open = live.open.open(tenant)?;
        let feed = live.feed.follow(tenant, &campaign).await.map_err(away)?;
        let now = Instant::now();
        let left = (principal.expires_at - Utc::now()).to_std();
        let mut stream = Self {
            live: live.clone(),
            tenant: tenant.clone(),
            campaign,
            feed,
            first: None,
            ends: now + left.unwrap_or_default(),
            next_frame: now,
            next_heartbeat: now + HEARTBEAT_EVERY,
            ended: false,
            _open: open,
        };
        let first = match resume {
            Some(place) => stream.resumed(place).await?,
            None => stream.snapshot().await?,
        };
        stream.first = Some((frames::beginning() + &first).into());
        Ok(stream)
    }

    /// The next bytes for the client; `None` at the end. Called when the client can take more.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if self.ended {
            return None;
        }
        let next_frame = self.next_frame;
        let feed = &mut self.feed;
        let change = async {
            sleep_until(next_frame).await;
            feed.next().await
        };
        let bytes = tokio::select! {
            biased;
            () = sleep_until(self.ends) => {
                self.ended = true;
                return Some(END);
            }
            change = change => {
                let frame = self.frame(change?).await?;
                self.next_frame = Instant::now() + PACE;
                frame
            }
            () = sleep_until(self.next_heartbeat) => HEARTBEAT,
        };
        self.next_heartbeat = Instant::now() + HEARTBEAT_EVERY;
        Some(bytes)
    }

    async fn frame(&mut self, change: Change) -> Option<Bytes> {
        match change {
            Change::Quarters { place, log_time, quarters } => {
                Some(self.update(place, log_time, &quarters).into())
            }
            Change::Reset => match self.snapshot().await {
                Ok(snapshot) => Some((RESET.to_owned() + &snapshot).into()),
                Err(problem) => {
                    let error = &problem as &dyn std::error::Error;
                    tracing::warn!(error, "live stream ended: no snapshot");
                    None
                }
            },
        }
    }

    /// What was missed since `place`, or a fresh start when nobody can tell any more.
    async fn resumed(&mut self, place: StreamId) -> Result<String, Problem> {
        let tenant = self.live.aggregates.for_tenant(&self.tenant);
        let Feed::Entries(entries) = tenant.feed_since(place).await.map_err(away)? else {
            return Ok(RESET.to_owned() + &self.snapshot().await?);
        };
        let mut missed = QuarterSeries::new();
        let (mut last, mut log_time) = (place, DateTime::UNIX_EPOCH);
        for entry in entries {
            last = entry.id;
            for bucket in entry.buckets {
                if bucket.campaign == self.campaign {
                    log_time = log_time.max(entry.log_time);
                    missed.insert(bucket.quarter, bucket.sums);
                }
            }
        }
        self.feed.skip_to(last);
        if missed.is_empty() {
            return Ok(String::new());
        }
        Ok(self.update(last, log_time, &missed))
    }

    fn update(&self, place: StreamId, log_time: DateTime<Utc>, quarters: &QuarterSeries) -> String {
        let currencies = Currencies::of(quarters, self.tenant.currency());
        let update = Update {
            campaign_id: &self.campaign,
            as_of: log_time,
            currency: currencies.only(),
            buckets: currencies.buckets(quarters),
        };
        frames::event("update", place, &update)
    }

    /// Today's totals, and its quarter hours up to the present one.
    ///
    /// The feed's place was taken before, so that nothing falls between snapshot and updates.
    async fn snapshot(&self) -> Result<String, Problem> {
        let place = self.feed.place();
        let (zone, now) = (self.tenant.time_zone(), Utc::now());
        let today = start_of_day(now, zone);
        let range = TimeRange::covering(today.min(now - SHOWN), now + MOMENT);
        let range = range.map_err(Problem::internal)?;
        let reports = &self.live.reports;
        let LiveReport { mut series, as_of } =
            reports.series(&self.tenant, &self.campaign, range).await?;
        let mut sums = Sums::default();
        series.range(QuarterHour::containing(today)..).for_each(|(_, more)| sums.merge(more));
        // Quarter hours without events are there too, so that a chart needs no other source.
        for start in Granularity::QuarterHour.starts(range, zone) {
            series.entry(QuarterHour::containing(start)).or_default();
        }
        let currencies = Currencies::of(&series, self.tenant.currency());
        let snapshot = Snapshot {
            campaign_id: &self.campaign,
            tz: zone.name(),
            as_of,
            currency: currencies.only(),
            today: Today { from: today, values: currencies.totals(&sums) },
            buckets: currencies.buckets(&series),
        };
        Ok(frames::event("snapshot", place, &snapshot))
    }
}

/// The first moment of the day that it is in `zone`.
fn start_of_day(now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    // No day is longer than 25 hours, so the last day that begins in these is today.
    let reach = TimeRange::covering(now - TimeDelta::hours(26), now + MOMENT);
    let starts = reach.map(|range| Granularity::Day.starts(range, zone)).unwrap_or_default();
    starts.last().copied().unwrap_or(now)
}

fn away(error: AggregatesError) -> Problem {
    Problem::unavailable(RETRY, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_begins_at_the_tenants_midnight() {
        for (now, zone, start) in [
            ("2026-03-10T12:34:00Z", Tz::UTC, "2026-03-10T00:00:00+00:00"),
            ("2026-03-10T12:34:00Z", Tz::Asia__Kolkata, "2026-03-09T18:30:00+00:00"),
            ("2026-03-10T00:00:00Z", Tz::UTC, "2026-03-10T00:00:00+00:00"),
            ("2026-10-25T22:59:00Z", Tz::Europe__Berlin, "2026-10-24T22:00:00+00:00"),
        ] {
            assert_eq!(start_of_day(now.parse().unwrap(), zone).to_rfc3339(), start);
        }
    }
}
