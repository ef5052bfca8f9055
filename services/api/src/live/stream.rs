use std::time::Duration;

use actix_web::web::Bytes;
use aggregates::{CampaignFeed, Change, FeedSince, StreamId};
use auth::Principal;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use metrics::{Granularity, QuarterHour, QuarterSeries, Sums, TimeRange};
use problem::{Code, Problem};
use tenancy::{CampaignId, TenantContext};
use tokio::time::{Instant, sleep_until};
use web::{HangUp, WebState};

use super::{
    Live, LiveReport,
    frames::{self, EXPIRED, HEARTBEAT, RESET, REVOKED, Snapshot, Today, Update},
    incomplete::IncompleteQuarters,
    open_streams::OpenStream,
    open_ticket::OpenTicket,
};
use crate::failure::Failure;

/// Between two frames: at most five a second, so that an event never waits long for its frame.
const FRAME_EVERY: Duration = Duration::from_millis(200);
/// Between two heartbeats.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);
/// Between two checks of the credential: a stream ends within five seconds of its revocation, whose
/// announcement may take one of them.
const CHECK_EVERY: Duration = Duration::from_secs(4);
/// Between two reports to other processes that a ticket's stream is open.
const HOLD_EVERY: Duration = Duration::from_secs(2);
/// Between two reads of the quarter hours that the feed only named.
const READ_EVERY: Duration = Duration::from_secs(1);
/// When to read again after a store was unavailable.
const READ_AGAIN: Duration = Duration::from_secs(5);
/// The least that a snapshot shows, also just after midnight.
const SHOWN: TimeDelta = TimeDelta::hours(2);
/// Ends are exclusive: a range that ends this much later includes the present.
const MOMENT: TimeDelta = TimeDelta::milliseconds(1);

/// The receiver of a stream.
pub(crate) struct Client {
    pub(crate) hang_up: HangUp,
    /// The ticket, if the request had one.
    pub(crate) ticket: Option<OpenTicket>,
    /// The last place that the client received.
    pub(crate) resume: Option<StreamId>,
}

/// One client's stream of one campaign.
pub(crate) struct CampaignStream {
    live: Live,
    web: WebState,
    principal: Principal,
    tenant: TenantContext,
    campaign: CampaignId,
    feed: CampaignFeed,
    incomplete: IncompleteQuarters,
    /// The client has no event that was received later.
    sent_up_to: DateTime<Utc>,
    first: Option<Bytes>,
    hang_up: HangUp,
    ticket: Option<OpenTicket>,
    ends: Option<Instant>,
    next_hold: Instant,
    next_check: Instant,
    next_frame: Instant,
    next_reading: Instant,
    next_heartbeat: Instant,
    ended: bool,
    _open: OpenStream,
}

impl CampaignStream {
    /// Opens a stream that resumes at the client's last place, or begins with a snapshot. It ends
    /// with the credential, with the credential's right to see the campaign, or when the client
    /// disconnects.
    ///
    /// # Errors
    /// Too many streams are open, or a store is unavailable.
    pub(crate) async fn open(
        live: &Live,
        web: &WebState,
        tenant: &TenantContext,
        principal: &Principal,
        campaign: CampaignId,
        client: Client,
    ) -> Result<Self, Problem> {
        let open = live.open.open(tenant)?;
        let feed = live.feed.follow(tenant, &campaign).await.map_err(Failure::from)?;
        let now = Instant::now();
        let left = principal.expires_at.map(|ends| (ends - Utc::now()).to_std());
        let Client { hang_up, ticket, resume } = client;
        let mut stream = Self {
            live: live.clone(),
            web: web.clone(),
            principal: principal.clone(),
            tenant: tenant.clone(),
            campaign,
            feed,
            incomplete: IncompleteQuarters::default(),
            sent_up_to: Utc::now(),
            first: None,
            hang_up,
            ticket,
            ends: left.map(|left| now + left.unwrap_or_default()),
            next_hold: now + HOLD_EVERY,
            next_check: now + CHECK_EVERY,
            next_frame: now,
            next_reading: now + READ_EVERY,
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

    /// Returns the next bytes for the client; `None` at the end. Called when the client can receive
    /// more.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        while !self.ended {
            if let Some(bytes) = self.step().await {
                self.next_heartbeat = Instant::now() + HEARTBEAT_EVERY;
                return Some(bytes);
            }
        }
        if let Some(ticket) = self.ticket.take() {
            ticket.close().await;
        }
        None
    }

    /// Waits for the next thing to do, does it, and returns the bytes for the client, if any.
    async fn step(&mut self) -> Option<Bytes> {
        let next_frame = self.next_frame;
        let feed = &mut self.feed;
        let change = async {
            sleep_until(next_frame).await;
            feed.next().await
        };
        tokio::select! {
            biased;
            () = self.hang_up.wait() => {
                self.ended = true;
                None
            }
            () = sleep_until(self.ends.unwrap_or(next_frame)), if self.ends.is_some() => {
                self.end(EXPIRED)
            }
            () = sleep_until(self.next_hold), if self.ticket.is_some() => {
                self.next_hold = Instant::now() + HOLD_EVERY;
                self.hold().await;
                None
            }
            () = sleep_until(self.next_check) => {
                self.next_check = Instant::now() + CHECK_EVERY;
                if self.is_revoked().await {
                    return self.end(REVOKED);
                }
                if self.live.reports.is_behind().await {
                    self.read_without_feed();
                }
                None
            }
            change = change => {
                let frame = self.frame(change).await;
                self.next_frame = Instant::now() + FRAME_EVERY;
                frame
            }
            () = sleep_until(self.next_reading), if !self.incomplete.is_empty() => {
                self.next_reading = Instant::now() + READ_EVERY;
                self.read().await
            }
            () = sleep_until(self.next_heartbeat) => Some(HEARTBEAT),
        }
    }

    /// Ends the stream without a last event when the ticket has another stream open.
    async fn hold(&mut self) {
        if let Some(ticket) = &self.ticket {
            self.ended = !ticket.hold().await;
        }
    }

    /// While Redis is behind: reads the recent quarter hours until they are complete.
    fn read_without_feed(&mut self) {
        let now = Utc::now();
        let shown = TimeRange::covering(now - SHOWN, now + MOMENT);
        let quarters = shown.map(|range| Granularity::QuarterHour.buckets(range, Tz::UTC));
        for start in quarters.unwrap_or_default().starts() {
            self.incomplete.add(QuarterHour::containing(*start), self.sent_up_to, now);
        }
    }

    fn end(&mut self, last: Bytes) -> Option<Bytes> {
        self.ended = true;
        Some(last)
    }

    /// Returns whether the credential has lost its right to this stream; `false` while that cannot
    /// be checked.
    async fn is_revoked(&mut self) -> bool {
        let scope = &self.principal.scope;
        let checked = async {
            let tenant = self.web.tenant(&self.principal, Utc::now()).await?;
            self.live.reports.find_campaign(&tenant, scope, &self.campaign).await?;
            Ok::<_, Problem>(tenant)
        };
        match checked.await {
            Ok(tenant) => {
                self.tenant = tenant;
                false
            }
            Err(problem) => matches!(
                problem.code(),
                Code::CredentialInvalid
                    | Code::TokenExpired
                    | Code::TenantSuspended
                    | Code::NotFound
            ),
        }
    }

    async fn frame(&mut self, change: Option<Change>) -> Option<Bytes> {
        match change {
            Some(Change::Quarters { place, log_time, quarters, incomplete }) => {
                for quarter in incomplete {
                    self.incomplete.add(quarter, self.sent_up_to, log_time);
                }
                quarters.keys().for_each(|quarter| self.incomplete.remove(*quarter));
                self.update(place, Some(log_time), &quarters).map(Bytes::from)
            }
            Some(Change::Reset) => match self.snapshot().await {
                Ok(snapshot) => Some((RESET.to_owned() + &snapshot).into()),
                Err(problem) => {
                    let error = &problem as &dyn std::error::Error;
                    tracing::warn!(error, "a live stream ended: its snapshot could not be read");
                    self.ended = true;
                    None
                }
            },
            None => {
                self.ended = true;
                None
            }
        }
    }

    /// Reads the quarter hours that the feed only named.
    async fn read(&mut self) -> Option<Bytes> {
        let range = self.incomplete.range()?;
        match self.live.reports.series(&self.tenant, &self.campaign, range).await {
            Ok(LiveReport { series, as_of, .. }) => {
                let changes = self.incomplete.changes(series, as_of);
                self.update(self.feed.place(), as_of, &changes).map(Bytes::from)
            }
            Err(problem) => {
                let error = &problem as &dyn std::error::Error;
                tracing::warn!(error, "a live stream retries later: its report could not be read");
                self.next_reading = Instant::now() + READ_AGAIN;
                None
            }
        }
    }

    /// Returns what was missed since `place`; a reset and a snapshot when the feed was trimmed.
    async fn resumed(&mut self, place: StreamId) -> Result<String, Problem> {
        let tenant = self.live.aggregates.for_tenant(&self.tenant);
        let since = tenant.feed_since(place).await.map_err(Failure::from)?;
        let FeedSince::Entries(entries) = since else {
            return Ok(RESET.to_owned() + &self.snapshot().await?);
        };
        let mut missed = QuarterSeries::new();
        let mut last = place;
        let mut log_time = DateTime::UNIX_EPOCH;
        for entry in entries {
            last = entry.id;
            for changed in entry.quarters {
                if changed.campaign != self.campaign {
                    continue;
                }
                log_time = log_time.max(entry.log_time);
                match changed.sums {
                    Some(sums) => {
                        self.incomplete.remove(changed.quarter);
                        missed.insert(changed.quarter, sums);
                    }
                    None => self.incomplete.add(changed.quarter, self.sent_up_to, entry.log_time),
                }
            }
        }
        self.feed.skip_to(last);
        Ok(self.update(last, Some(log_time), &missed).unwrap_or_default())
    }

    /// Renders a frame of `quarters`, if there are any.
    fn update(
        &mut self,
        place: StreamId,
        as_of: Option<DateTime<Utc>>,
        quarters: &QuarterSeries,
    ) -> Option<String> {
        if quarters.is_empty() {
            return None;
        }
        self.sent_up_to = as_of.map_or(self.sent_up_to, |as_of| self.sent_up_to.max(as_of));
        let currencies = frames::currencies(quarters, self.tenant.currency());
        let update = Update {
            campaign_id: &self.campaign,
            as_of,
            currency: currencies.own,
            buckets: frames::buckets(quarters, &currencies),
            other_currencies: currencies.others,
        };
        let id = self.resumable(place);
        Some(frames::event("update", id, &update))
    }

    /// Returns the `id:` of `place` if the client has everything up to it.
    fn resumable(&self, place: StreamId) -> Option<String> {
        self.incomplete.is_empty().then(|| match &self.ticket {
            Some(ticket) => ticket.signed(place),
            None => place.to_string(),
        })
    }

    /// Renders today's totals, and its quarter hours up to the present one.
    ///
    /// Reads the feed's place first, so that no change is lost between snapshot and updates.
    async fn snapshot(&mut self) -> Result<String, Problem> {
        let place = self.feed.place();
        let zone = self.tenant.time_zone();
        let now = Utc::now();
        let today = start_of_day(now, zone);
        let range = TimeRange::covering(today.min(now - SHOWN), now + MOMENT);
        let range = range.map_err(Problem::internal)?;
        let reports = &self.live.reports;
        let mut report = reports.series(&self.tenant, &self.campaign, range).await?;
        let mut sums = Sums::default();
        report
            .series
            .range(QuarterHour::containing(today)..)
            .for_each(|(_, more)| sums.merge(more));
        // Includes quarter hours without events, so that a chart needs no other source.
        for start in Granularity::QuarterHour.buckets(range, zone).starts() {
            report.series.entry(QuarterHour::containing(*start)).or_default();
        }
        self.incomplete.replace(&report, now);
        self.sent_up_to = self.sent_up_to.max(Utc::now());
        let LiveReport { series, as_of, .. } = report;
        let currencies = frames::currencies(&series, self.tenant.currency());
        let snapshot = Snapshot {
            campaign_id: &self.campaign,
            tz: zone.name(),
            as_of,
            currency: currencies.own,
            today: Today { from: today, values: frames::totals(&sums, &currencies) },
            buckets: frames::buckets(&series, &currencies),
            other_currencies: currencies.others,
        };
        Ok(frames::event("snapshot", self.resumable(place), &snapshot))
    }
}

/// Returns the start of the present day in `zone`.
fn start_of_day(now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    // No day is longer than 50 hours.
    let reach = TimeRange::covering(now - TimeDelta::hours(50), now + MOMENT);
    let days = reach.map(|range| Granularity::Day.buckets(range, zone)).unwrap_or_default();
    days.position(now).and_then(|today| days.starts().get(today)).copied().unwrap_or(now)
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
