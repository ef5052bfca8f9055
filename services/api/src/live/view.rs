use std::collections::BTreeMap;

use aggregates::StreamId;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use metrics::{Granularity, QuarterHour, QuarterSeries, RangeError, Sums, TimeRange};
use tenancy::{CampaignId, TenantContext};

use super::{
    LiveReport,
    frames::{self, BEGINNING, BEGINNING_AND_RESET, Frame, RESET, Snapshot, Today, Update},
    incomplete::IncompleteQuarters,
};

/// The least that a snapshot shows, also just after midnight.
const SHOWN: TimeDelta = TimeDelta::hours(2);
/// Ends are exclusive: a range that ends this much later includes the present.
const MOMENT: TimeDelta = TimeDelta::milliseconds(1);

/// A number that rises with each change of a [`View`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Version(u64);

/// What a client has received: everything up to a version of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(crate) version: Version,
    /// A client that resumed also has what the feed contains up to here.
    pub(crate) resumed: StreamId,
}

/// What the clients of one campaign have received, and what those that are behind lack.
pub(crate) struct View {
    campaign: CampaignId,
    tenant: TenantContext,
    version: Version,
    /// The changes that some client may lack.
    changed: BTreeMap<QuarterHour, Changed>,
    incomplete: IncompleteQuarters,
    /// The place in the feed up to which everything is in the view.
    place: StreamId,
    as_of: Option<DateTime<Utc>>,
    /// No client has an event that was received later.
    sent_up_to: DateTime<Utc>,
    /// The version and the snapshot with which clients of earlier versions start again.
    reset: Option<(Version, Frame)>,
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
    now: DateTime<Utc>,
    today: DateTime<Utc>,
    zone: Tz,
}

/// What a client that resumes has missed.
#[derive(Debug, Default)]
pub(crate) struct Missed {
    pub(crate) place: StreamId,
    pub(crate) log_time: DateTime<Utc>,
    pub(crate) quarters: QuarterSeries,
    /// The quarter hours that the feed only named, and when the log received their last changes.
    pub(crate) named: BTreeMap<QuarterHour, DateTime<Utc>>,
}

impl View {
    pub(crate) fn new(tenant: TenantContext, campaign: CampaignId, place: StreamId) -> Self {
        Self {
            campaign,
            tenant,
            version: Version::default(),
            changed: BTreeMap::new(),
            incomplete: IncompleteQuarters::default(),
            place,
            as_of: None,
            sent_up_to: Utc::now(),
            reset: None,
        }
    }

    pub(crate) const fn tenant(&self) -> &TenantContext {
        &self.tenant
    }

    /// Replaces the tenant's record by a later one.
    pub(crate) fn renew(&mut self, tenant: TenantContext) {
        self.tenant = tenant;
    }

    pub(crate) const fn version(&self) -> Version {
        self.version
    }

    /// Takes over what the feed contains up to `place`.
    pub(crate) fn change(
        &mut self,
        place: StreamId,
        log_time: DateTime<Utc>,
        quarters: QuarterSeries,
        named: impl IntoIterator<Item = QuarterHour>,
    ) {
        for quarter in named {
            self.incomplete.add(quarter, self.sent_up_to, log_time);
        }
        quarters.keys().for_each(|quarter| self.incomplete.remove(*quarter));
        self.place = place;
        self.publish(quarters, Some(place), Some(log_time));
    }

    /// Returns the range of the quarter hours to read again.
    pub(crate) fn incomplete_range(&self) -> Option<TimeRange> {
        self.incomplete.range()
    }

    /// Takes over a report of `range`, which was read again.
    pub(crate) fn read(&mut self, report: &LiveReport, range: TimeRange) {
        let changes = self.incomplete.changes(&report.series, range, report.as_of);
        self.publish(changes, None, report.as_of);
    }

    /// While Redis is behind: lets the recent quarter hours be read until they are complete.
    pub(crate) fn read_without_feed(&mut self) {
        let now = Utc::now();
        let shown = TimeRange::covering(now - SHOWN, now + MOMENT);
        let quarters = shown.map(|range| Granularity::QuarterHour.buckets(range, Tz::UTC));
        for start in quarters.unwrap_or_default().starts() {
            self.incomplete.add(QuarterHour::containing(*start), self.sent_up_to, now);
        }
    }

    /// Lets the quarter hours be read that a client which resumes lacks.
    pub(crate) fn read_for(&mut self, missed: &BTreeMap<QuarterHour, DateTime<Utc>>) {
        for (quarter, log_time) in missed {
            self.incomplete.add_for_one(*quarter, self.sent_up_to, *log_time);
        }
    }

    fn publish(
        &mut self,
        quarters: QuarterSeries,
        place: Option<StreamId>,
        as_of: Option<DateTime<Utc>>,
    ) {
        if quarters.is_empty() {
            return;
        }
        self.version.0 += 1;
        let version = self.version;
        self.as_of = self.as_of.max(as_of);
        self.sent_up_to = as_of.map_or(self.sent_up_to, |as_of| self.sent_up_to.max(as_of));
        let changed =
            quarters.into_iter().map(|(quarter, sums)| (quarter, Changed { version, sums, place }));
        self.changed.extend(changed);
    }

    /// Returns the report that a snapshot needs.
    ///
    /// # Errors
    /// The clock of this machine is out of range.
    pub(crate) fn snapshot_request(&self) -> Result<SnapshotRequest, RangeError> {
        let zone = self.tenant.time_zone();
        let now = Utc::now();
        let today = start_of_day(now, zone);
        let range = TimeRange::covering(today.min(now - SHOWN), now + MOMENT)?;
        Ok(SnapshotRequest { range, now, today, zone })
    }

    /// Renders today's totals, and its quarter hours up to the present one, for a client that then
    /// has this version. `place` is the feed's before the report was read.
    pub(crate) fn snapshot(
        &mut self,
        request: SnapshotRequest,
        report: LiveReport,
        place: StreamId,
        has_clients: bool,
    ) -> Frame {
        let known = has_clients.then_some(self.sent_up_to);
        self.incomplete.merge(&report, request.range, request.now, known);
        self.read(&report, request.range);
        let LiveReport { mut series, as_of, .. } = report;
        self.incomplete.overlay(&mut series, request.range);
        // What the feed has changed since is not in the report, or is in it with the same numbers.
        for (quarter, changed) in &self.changed {
            if request.range.contains(quarter.start()) && changed.place > Some(place) {
                series.insert(*quarter, changed.sums.clone());
            }
        }
        self.sent_up_to = self.sent_up_to.max(Utc::now());
        self.render(request, series, as_of, place)
    }

    /// Lets all clients start again from a report. Returns its snapshot.
    pub(crate) fn reset(
        &mut self,
        request: SnapshotRequest,
        report: LiveReport,
        place: StreamId,
    ) -> Frame {
        self.incomplete.clear();
        self.changed.retain(|_, changed| changed.place > Some(place));
        let snapshot = self.snapshot(request, report, place, false);
        self.version.0 += 1;
        self.reset = Some((self.version, snapshot.after(RESET)));
        snapshot
    }

    fn render(
        &self,
        request: SnapshotRequest,
        mut series: QuarterSeries,
        as_of: Option<DateTime<Utc>>,
        place: StreamId,
    ) -> Frame {
        let SnapshotRequest { range, today, zone, .. } = request;
        let mut sums = Sums::default();
        series.range(QuarterHour::containing(today)..).for_each(|(_, more)| sums.merge(more));
        // Includes quarter hours without events, so that a chart needs no other source.
        for start in Granularity::QuarterHour.buckets(range, zone).starts() {
            series.entry(QuarterHour::containing(*start)).or_default();
        }
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
        Frame::new("snapshot", self.resumable(place), &snapshot)
    }

    /// Renders what a client that resumes has missed, as the beginning of its stream.
    pub(crate) fn missed(tenant: &TenantContext, campaign: &CampaignId, missed: &Missed) -> Frame {
        if missed.quarters.is_empty() {
            return Frame::beginning();
        }
        let id = missed.named.is_empty().then_some(missed.place);
        update(tenant, campaign, id, Some(missed.log_time), &missed.quarters).after(BEGINNING)
    }

    /// Renders what a client lacks, and returns what it has then; no frame if it lacks nothing.
    pub(crate) fn since(&self, seen: Seen) -> (Seen, Option<Frame>) {
        if let Some((version, snapshot)) = &self.reset
            && seen.version < *version
        {
            return (Seen { version: *version, ..seen }, Some(snapshot.clone()));
        }
        let lacks = |changed: &Changed| {
            changed.version > seen.version && changed.place.is_none_or(|place| place > seen.resumed)
        };
        let lacking = self.changed.iter().filter(|(_, changed)| lacks(changed));
        let quarters: QuarterSeries =
            lacking.map(|(quarter, changed)| (*quarter, changed.sums.clone())).collect();
        let frame = (!quarters.is_empty()).then(|| {
            let id = self.resumable(self.place);
            update(&self.tenant, &self.campaign, id, self.as_of, &quarters)
        });
        (Seen { version: self.version, ..seen }, frame)
    }

    /// Forgets the changes that every client has.
    pub(crate) fn forget(&mut self, everyone_has: Version) {
        self.changed.retain(|_, changed| changed.version > everyone_has);
        self.reset.take_if(|(version, _)| *version <= everyone_has);
    }

    /// Returns the `id:` of `place` if clients have everything up to it.
    fn resumable(&self, place: StreamId) -> Option<StreamId> {
        self.incomplete.is_empty().then_some(place)
    }
}

/// Returns the beginning of a stream with `snapshot`.
pub(crate) fn beginning(snapshot: &Frame, after_reset: bool) -> Frame {
    snapshot.after(if after_reset { BEGINNING_AND_RESET } else { BEGINNING })
}

fn update(
    tenant: &TenantContext,
    campaign: &CampaignId,
    id: Option<StreamId>,
    as_of: Option<DateTime<Utc>>,
    quarters: &QuarterSeries,
) -> Frame {
    let currencies = frames::currencies(quarters, tenant.currency());
    let update = Update {
        campaign_id: campaign,
        as_of,
        currency: currencies.own,
        buckets: frames::buckets(quarters, &currencies),
        other_currencies: currencies.others,
    };
    Frame::new("update", id, &update)
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
