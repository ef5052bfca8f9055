use std::collections::BTreeMap;

use aggregates::StreamId;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use metrics::{Granularity, QuarterHour, QuarterSeries, RangeError, Sums, TimeRange};
use tenancy::{CampaignId, TenantContext};

use super::{
    LiveReport,
    digest::Digest,
    feed::ChangedQuarters,
    frames::{self, Snapshot, Today, Update},
    incomplete::IncompleteQuarters,
};

/// The least that a snapshot shows, also just after midnight.
const SHOWN: TimeDelta = TimeDelta::hours(2);
/// Ends are exclusive: a range that ends this much later includes the present.
const MOMENT: TimeDelta = TimeDelta::milliseconds(1);

/// A number that rises with each change of the views of a broadcast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Version(u64);

/// What a client has received: everything up to a version of the views.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(crate) version: Version,
    /// A client that resumed also has what the feed contains up to here.
    pub(crate) resumed: StreamId,
}

/// What the clients of one campaign have received, and what those that are behind lack.
pub(crate) struct View {
    campaign: CampaignId,
    digest: Digest,
    /// The changes that some client may lack.
    changed: BTreeMap<QuarterHour, Changed>,
    incomplete: IncompleteQuarters,
    as_of: Option<DateTime<Utc>>,
    /// No client has an event that was received later.
    sent_up_to: DateTime<Utc>,
}

struct Changed {
    version: Version,
    sums: Sums,
    /// The place in the feed; `None` for numbers from a report.
    place: Option<StreamId>,
}

/// A report for a snapshot, as it is requested.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SnapshotRequest {
    pub(crate) range: TimeRange,
    /// Whether the snapshot contains quarter hours without events, so that a chart needs no other source.
    pub(crate) is_filled: bool,
    now: DateTime<Utc>,
    today: DateTime<Utc>,
    zone: Tz,
}

/// A campaign's part of a snapshot.
#[derive(Clone, Debug)]
pub(crate) struct SnapshotPart {
    pub(crate) data: Bytes,
    /// Whether a client can resume from the snapshot, as far as this campaign is concerned.
    pub(crate) is_complete: bool,
}

/// What a client that resumes has missed of a campaign.
#[derive(Debug, Default)]
pub(crate) struct Missed {
    pub(crate) log_time: DateTime<Utc>,
    pub(crate) quarters: QuarterSeries,
    /// The quarter hours that the feed only named, and when the log received their last changes.
    pub(crate) named: BTreeMap<QuarterHour, DateTime<Utc>>,
}

impl Version {
    /// Raises the version for a change.
    pub(crate) fn raise(&mut self) -> Self {
        self.0 += 1;
        *self
    }
}

impl SnapshotRequest {
    /// Creates a request for today and at least two hours.
    ///
    /// # Errors
    /// The clock of this machine is out of range.
    pub(crate) fn new(zone: Tz, is_filled: bool) -> Result<Self, RangeError> {
        let now = Utc::now();
        let today = start_of_day(now, zone);
        let range = TimeRange::covering(today.min(now - SHOWN), now + MOMENT)?;
        Ok(Self { range, is_filled, now, today, zone })
    }
}

impl View {
    pub(crate) fn new(campaign: CampaignId) -> Self {
        Self {
            digest: Digest::of(&campaign),
            campaign,
            changed: BTreeMap::new(),
            incomplete: IncompleteQuarters::default(),
            as_of: None,
            sent_up_to: Utc::now(),
        }
    }

    pub(crate) const fn campaign(&self) -> &CampaignId {
        &self.campaign
    }

    pub(crate) const fn digest(&self) -> Digest {
        self.digest
    }

    /// Takes over what the feed contains up to `place`.
    pub(crate) fn change(
        &mut self,
        version: &mut Version,
        place: StreamId,
        log_time: DateTime<Utc>,
        changed: ChangedQuarters,
    ) {
        let ChangedQuarters { quarters, named } = changed;
        for quarter in named {
            self.incomplete.add(quarter, self.sent_up_to, log_time);
        }
        quarters.keys().for_each(|quarter| self.incomplete.remove(*quarter));
        self.publish(version, quarters, Some(place), Some(log_time));
    }

    /// Returns the range of the quarter hours to read again.
    pub(crate) fn incomplete_range(&self) -> Option<TimeRange> {
        self.incomplete.range()
    }

    /// Returns whether the feed has contained all changes: a client can resume from there.
    pub(crate) fn is_complete(&self) -> bool {
        self.incomplete.is_empty()
    }

    /// Returns whether some client may lack something.
    pub(crate) fn has_changes(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Takes over a report of `range`, which was read again.
    pub(crate) fn read(&mut self, version: &mut Version, report: &LiveReport, range: TimeRange) {
        let changes = self.incomplete.changes(&report.series, range, report.as_of);
        self.publish(version, changes, None, report.as_of);
    }

    /// While Redis is behind: lets the recent quarter hours be read until they are complete.
    pub(crate) fn read_without_feed(&mut self) {
        let now = Utc::now();
        let shown = TimeRange::covering(now - SHOWN, now + MOMENT);
        for quarter in shown.map(quarters_of).unwrap_or_default() {
            self.incomplete.add(quarter, self.sent_up_to, now);
        }
    }

    /// Lets the quarter hours be read that a client which resumes lacks.
    pub(crate) fn read_for(&mut self, missed: &BTreeMap<QuarterHour, DateTime<Utc>>) {
        for (quarter, log_time) in missed {
            self.incomplete.add_for_one(*quarter, self.sent_up_to, *log_time);
        }
    }

    /// Lets all of what a snapshot shows be read, for clients that have nothing of the campaign.
    pub(crate) fn read_all(&mut self, request: SnapshotRequest) {
        for quarter in quarters_of(request.range) {
            self.incomplete.add_for_one(quarter, self.sent_up_to, request.now);
        }
    }

    fn publish(
        &mut self,
        version: &mut Version,
        quarters: QuarterSeries,
        place: Option<StreamId>,
        as_of: Option<DateTime<Utc>>,
    ) {
        if quarters.is_empty() {
            return;
        }
        let version = version.raise();
        self.as_of = self.as_of.max(as_of);
        self.sent_up_to = as_of.map_or(self.sent_up_to, |as_of| self.sent_up_to.max(as_of));
        let changed =
            quarters.into_iter().map(|(quarter, sums)| (quarter, Changed { version, sums, place }));
        self.changed.extend(changed);
    }

    /// Renders today's totals, and its quarter hours up to the present one, for a client that then
    /// has this version. `place` is the feed's before the report was read.
    pub(crate) fn snapshot(
        &mut self,
        version: &mut Version,
        tenant: &TenantContext,
        request: SnapshotRequest,
        report: LiveReport,
        place: StreamId,
        has_clients: bool,
    ) -> SnapshotPart {
        let known = has_clients.then_some(self.sent_up_to);
        self.incomplete.merge(&report, request.range, request.now, known);
        self.read(version, &report, request.range);
        let LiveReport { mut series, as_of, .. } = report;
        self.incomplete.overlay(&mut series, request.range);
        // What the feed has changed since is not in the report, or is in it with the same numbers.
        for (quarter, changed) in &self.changed {
            if request.range.contains(quarter.start()) && changed.place > Some(place) {
                series.insert(*quarter, changed.sums.clone());
            }
        }
        self.sent_up_to = self.sent_up_to.max(Utc::now());
        let data = self.render(tenant, request, series, as_of);
        SnapshotPart { data, is_complete: self.is_complete() }
    }

    /// Forgets what a report at `place` of the feed replaces.
    pub(crate) fn reset(&mut self, place: StreamId) {
        self.incomplete.clear();
        self.changed.retain(|_, changed| changed.place > Some(place));
    }

    fn render(
        &self,
        tenant: &TenantContext,
        request: SnapshotRequest,
        mut series: QuarterSeries,
        as_of: Option<DateTime<Utc>>,
    ) -> Bytes {
        let SnapshotRequest { range, today, zone, is_filled, .. } = request;
        let mut sums = Sums::default();
        series.range(QuarterHour::containing(today)..).for_each(|(_, more)| sums.merge(more));
        if is_filled {
            for quarter in quarters_of(range) {
                series.entry(quarter).or_default();
            }
        }
        let currencies = frames::currencies(&series, tenant.currency());
        frames::data(&Snapshot {
            campaign_id: &self.campaign,
            tz: zone.name(),
            as_of,
            currency: currencies.own,
            today: Today { from: today, values: frames::totals(&sums, &currencies) },
            buckets: frames::buckets(&series, &currencies),
            other_currencies: currencies.others,
        })
    }

    /// Renders the quarter hours that a client lacks; `None` if it lacks none.
    pub(crate) fn since(&self, seen: Seen, tenant: &TenantContext) -> Option<Bytes> {
        let lacks = |changed: &Changed| {
            changed.version > seen.version && changed.place.is_none_or(|place| place > seen.resumed)
        };
        let lacking = self.changed.iter().filter(|(_, changed)| lacks(changed));
        let quarters: QuarterSeries =
            lacking.map(|(quarter, changed)| (*quarter, changed.sums.clone())).collect();
        (!quarters.is_empty()).then(|| update(tenant, &self.campaign, self.as_of, &quarters))
    }

    /// Forgets the changes that every client has.
    pub(crate) fn forget(&mut self, everyone_has: Version) {
        self.changed.retain(|_, changed| changed.version > everyone_has);
    }
}

impl Missed {
    /// Renders what a client that resumes has missed of a campaign; `None` without numbers.
    pub(crate) fn data(&self, tenant: &TenantContext, campaign: &CampaignId) -> Option<Bytes> {
        let has_numbers = !self.quarters.is_empty();
        has_numbers.then(|| update(tenant, campaign, Some(self.log_time), &self.quarters))
    }
}

fn update(
    tenant: &TenantContext,
    campaign: &CampaignId,
    as_of: Option<DateTime<Utc>>,
    quarters: &QuarterSeries,
) -> Bytes {
    let currencies = frames::currencies(quarters, tenant.currency());
    frames::data(&Update {
        campaign_id: campaign,
        as_of,
        currency: currencies.own,
        buckets: frames::buckets(quarters, &currencies),
        other_currencies: currencies.others,
    })
}

fn quarters_of(range: TimeRange) -> Vec<QuarterHour> {
    let buckets = Granularity::QuarterHour.buckets(range, Tz::UTC);
    buckets.starts().iter().map(|start| QuarterHour::containing(*start)).collect()
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
