use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use aggregates::StreamId;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use metrics::{QuarterHour, RangeError, TimeRange};
use tenancy::{CampaignId, TenantContext};

use super::{
    LiveReport,
    feed::ChangedQuarters,
    form::Form,
    frames::{BEGINNING, BEGINNING_AND_RESET, Frame, RESET},
    selection::Selection,
    view::{Seen, SnapshotPart, SnapshotRequest, Version, View},
};

/// The campaigns of one broadcast: what the clients have received of each, and what those that are
/// behind lack.
pub(crate) struct Views {
    tenant: TenantContext,
    form: Form,
    version: Version,
    /// The place in the feed up to which everything is in the views.
    place: StreamId,
    /// By number. A campaign keeps its number, but has a view only while a stream has the campaign.
    views: Vec<Option<View>>,
    numbers: HashMap<CampaignId, u32>,
    selections: HashSet<Arc<Selection>>,
    reset: Option<Reset>,
}

/// The version and the snapshot with which clients of earlier versions start again.
struct Reset {
    version: Version,
    snapshot: SnapshotParts,
}

/// A snapshot of several campaigns, by number.
#[derive(Clone, Debug)]
pub(crate) struct SnapshotParts {
    place: StreamId,
    parts: HashMap<u32, SnapshotPart>,
}

/// The updates that were rendered, for all clients that have received the same.
pub(crate) type Rendered = HashMap<(u32, Seen), Option<Bytes>>;

/// What clients that resume lack, by campaign: when the log received the last changes of quarter hours
/// that the feed only named.
pub(crate) type Lacks = BTreeMap<CampaignId, BTreeMap<QuarterHour, DateTime<Utc>>>;

impl Views {
    pub(crate) fn new(tenant: TenantContext, form: Form, place: StreamId) -> Self {
        Self {
            tenant,
            form,
            version: Version::default(),
            place,
            views: Vec::new(),
            numbers: HashMap::new(),
            selections: HashSet::new(),
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

    /// Returns the selection of these campaigns. From here on the views have their changes.
    pub(crate) fn select(&mut self, campaigns: &[CampaignId], is_all: bool) -> Arc<Selection> {
        let numbers = campaigns.iter().map(|campaign| self.number(campaign)).collect();
        self.selection(numbers, is_all)
    }

    /// Returns the selection of the campaigns of both.
    pub(crate) fn union(&mut self, one: &Selection, other: &Selection) -> Arc<Selection> {
        let numbers = one.campaigns.iter().chain(&other.campaigns).copied().collect();
        self.selection(numbers, one.is_all)
    }

    /// Returns a selection of those campaigns only that are among `campaigns`.
    pub(crate) fn intersection(
        &mut self,
        selection: &Selection,
        campaigns: &[CampaignId],
    ) -> Arc<Selection> {
        let kept: HashSet<_> = self.numbered(campaigns).into_iter().collect();
        let numbers = selection.campaigns.iter().filter(|number| kept.contains(number));
        let numbers = numbers.copied().collect();
        self.selection(numbers, selection.is_all)
    }

    /// Returns a selection without some campaigns.
    pub(crate) fn without(
        &mut self,
        selection: &Selection,
        campaigns: &[CampaignId],
    ) -> Arc<Selection> {
        let removed: HashSet<_> = self.numbered(campaigns).into_iter().collect();
        let numbers = selection.campaigns.iter().filter(|number| !removed.contains(number));
        let numbers = numbers.copied().collect();
        self.selection(numbers, selection.is_all)
    }

    fn selection(&mut self, mut numbers: Vec<u32>, is_all: bool) -> Arc<Selection> {
        numbers.sort_unstable();
        numbers.dedup();
        let views = numbers.iter().filter_map(|number| self.view(*number));
        let digest = views.map(View::digest).sum();
        let selection = Selection { campaigns: numbers.into(), is_all, digest };
        if let Some(known) = self.selections.get(&selection) {
            return known.clone();
        }
        self.selections.retain(|known| Arc::strong_count(known) > 1);
        let selection = Arc::new(selection);
        self.selections.insert(selection.clone());
        selection
    }

    fn number(&mut self, campaign: &CampaignId) -> u32 {
        if let Some(number) = self.numbers.get(campaign).copied() {
            // Nobody has anything of a campaign that nobody watched.
            if let Some(view) = self.views.get_mut(number as usize) {
                view.get_or_insert_with(|| View::new(campaign.clone()));
            }
            return number;
        }
        let number = u32::try_from(self.views.len()).unwrap_or(u32::MAX);
        self.views.push(Some(View::new(campaign.clone())));
        self.numbers.insert(campaign.clone(), number);
        number
    }

    fn view(&self, number: u32) -> Option<&View> {
        self.views.get(number as usize)?.as_ref()
    }

    fn view_mut(&mut self, number: u32) -> Option<&mut View> {
        self.views.get_mut(number as usize)?.as_mut()
    }

    /// Returns the number of a campaign that has a view.
    fn watched(&self, campaign: &CampaignId) -> Option<u32> {
        self.numbers.get(campaign).copied().filter(|number| self.view(*number).is_some())
    }

    /// Removes the views of campaigns that no stream has any more.
    pub(crate) fn remove_unwatched(&mut self) {
        self.selections.retain(|known| Arc::strong_count(known) > 1);
        let watched = self.selections.iter().flat_map(|selection| &selection.campaigns).copied();
        let watched: HashSet<u32> = watched.collect();
        for (number, view) in (0..).zip(&mut self.views) {
            view.take_if(|_| !watched.contains(&number));
        }
    }

    /// Returns the numbers of these campaigns, as far as streams have them.
    pub(crate) fn numbered(&self, campaigns: &[CampaignId]) -> Vec<u32> {
        campaigns.iter().filter_map(|campaign| self.watched(campaign)).collect()
    }

    /// Returns how many campaigns a selection would have with these.
    pub(crate) fn count_with(&self, selection: &Selection, campaigns: &[CampaignId]) -> usize {
        let is_new = |campaign: &&CampaignId| {
            let number = self.watched(campaign);
            number.is_none_or(|number| selection.campaigns.binary_search(&number).is_err())
        };
        let added: HashSet<_> = campaigns.iter().filter(is_new).collect();
        selection.campaigns.len() + added.len()
    }

    /// Returns the campaigns with these numbers, which they keep.
    pub(crate) fn named(&self, numbers: impl IntoIterator<Item = u32>) -> Vec<(u32, CampaignId)> {
        let named = numbers.into_iter().filter_map(|number| {
            let view = self.view(number)?;
            Some((number, view.campaign().clone()))
        });
        named.collect()
    }

    /// Returns all campaigns that streams have.
    pub(crate) fn all(&self) -> Vec<(u32, CampaignId)> {
        self.named(0..u32::try_from(self.views.len()).unwrap_or(u32::MAX))
    }

    /// Takes over what the feed contains up to `place`.
    pub(crate) fn change(
        &mut self,
        place: StreamId,
        log_time: DateTime<Utc>,
        campaigns: BTreeMap<CampaignId, ChangedQuarters>,
    ) {
        self.place = place;
        for (campaign, changed) in campaigns {
            let number = self.numbers.get(&campaign).copied();
            let view = number.and_then(|number| self.views.get_mut(number as usize)?.as_mut());
            if let Some(view) = view {
                view.change(&mut self.version, place, log_time, changed);
            }
        }
    }

    /// Returns whether quarter hours are to be read again.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.views.iter().flatten().any(|view| !view.is_complete())
    }

    /// Returns the ranges of the quarter hours to read again.
    pub(crate) fn incomplete_ranges(&self) -> Vec<(u32, CampaignId, TimeRange)> {
        let ranges = (0..).zip(&self.views).filter_map(|(number, view)| {
            let view = view.as_ref()?;
            Some((number, view.campaign().clone(), view.incomplete_range()?))
        });
        ranges.collect()
    }

    /// Takes over a report of `range`, which was read again.
    pub(crate) fn read(&mut self, number: u32, report: &LiveReport, range: TimeRange) {
        if let Some(Some(view)) = self.views.get_mut(number as usize) {
            view.read(&mut self.version, report, range);
        }
    }

    /// While Redis is behind: lets the recent quarter hours be read until they are complete.
    pub(crate) fn read_without_feed(&mut self) {
        self.views.iter_mut().flatten().for_each(View::read_without_feed);
    }

    /// Lets the quarter hours be read that a client which resumes lacks.
    pub(crate) fn read_for(&mut self, lacks: &Lacks) {
        for (campaign, lacks) in lacks {
            let number = self.numbers.get(campaign).copied();
            if let Some(view) = number.and_then(|number| self.view_mut(number)) {
                view.read_for(lacks);
            }
        }
    }

    /// Lets everything be read of the campaigns that `now` has and `before` has not.
    ///
    /// # Errors
    /// The clock of this machine is out of range.
    pub(crate) fn read_added(
        &mut self,
        before: &Selection,
        now: &Selection,
    ) -> Result<(), RangeError> {
        let request = self.snapshot_request()?;
        for number in &now.campaigns {
            if before.campaigns.binary_search(number).is_err()
                && let Some(view) = self.view_mut(*number)
            {
                view.read_all(request);
            }
        }
        Ok(())
    }

    /// Returns the report that a snapshot needs of each campaign.
    ///
    /// # Errors
    /// The clock of this machine is out of range.
    pub(crate) fn snapshot_request(&self) -> Result<SnapshotRequest, RangeError> {
        SnapshotRequest::new(self.tenant.time_zone(), self.form == Form::Campaign)
    }

    /// Renders a snapshot of campaigns, for clients that then have this version. `place` is the feed's
    /// before the reports were read.
    pub(crate) fn snapshot(
        &mut self,
        request: SnapshotRequest,
        reports: Vec<(u32, LiveReport)>,
        place: StreamId,
        has_clients: bool,
    ) -> SnapshotParts {
        let mut parts = HashMap::with_capacity(reports.len());
        for (number, report) in reports {
            if let Some(Some(view)) = self.views.get_mut(number as usize) {
                let version = &mut self.version;
                let tenant = &self.tenant;
                let part = view.snapshot(version, tenant, request, report, place, has_clients);
                parts.insert(number, part);
            }
        }
        SnapshotParts { place, parts }
    }

    /// Lets all clients start again from reports. Returns their snapshot, and whether it has all
    /// campaigns: some may have been added since it was requested.
    pub(crate) fn reset(
        &mut self,
        request: SnapshotRequest,
        reports: Vec<(u32, LiveReport)>,
        place: StreamId,
    ) -> (SnapshotParts, bool) {
        for (number, _) in &reports {
            if let Some(view) = self.view_mut(*number) {
                view.reset(place);
            }
        }
        let snapshot = self.snapshot(request, reports, place, false);
        let has_all = snapshot.parts.len() == self.views.iter().flatten().count();
        let version = self.version.raise();
        self.reset = Some(Reset { version, snapshot: snapshot.clone() });
        (snapshot, has_all)
    }

    /// Renders the snapshot of a selection.
    pub(crate) fn snapshot_of(&self, selection: &Selection, snapshot: &SnapshotParts) -> Frame {
        let parts = selection.campaigns.iter().filter_map(|number| snapshot.parts.get(number));
        let parts: Vec<_> = parts.collect();
        // A campaign that was added after the snapshot was requested has no part in it.
        let has_all = parts.len() == selection.campaigns.len();
        let is_complete = has_all && parts.iter().all(|part| part.is_complete);
        let campaigns: Vec<_> = parts.iter().map(|part| &part.data).collect();
        let place = self.form.place(snapshot.place, selection);
        self.form.frame("snapshot", is_complete.then_some(place), &campaigns)
    }

    /// Renders what a client lacks of a selection, and returns what it has then; no frame if it lacks
    /// nothing.
    pub(crate) fn since(
        &self,
        seen: Seen,
        selection: &Selection,
        rendered: &mut Rendered,
    ) -> (Seen, Option<Frame>) {
        if let Some(Reset { version, snapshot }) = &self.reset
            && seen.version < *version
        {
            let frame = self.snapshot_of(selection, snapshot).after(RESET);
            return (Seen { version: *version, ..seen }, Some(frame));
        }
        let mut is_complete = true;
        let mut updates = Vec::new();
        for number in &selection.campaigns {
            if let Some(view) = self.view(*number) {
                is_complete &= view.is_complete();
                if view.has_changes() {
                    let update = rendered.entry((*number, seen));
                    let update = update.or_insert_with(|| view.since(seen, &self.tenant));
                    updates.extend(update.clone());
                }
            }
        }
        let frame = (!updates.is_empty()).then(|| {
            let campaigns: Vec<_> = updates.iter().collect();
            let place = self.form.place(self.place, selection);
            self.form.frame("update", is_complete.then_some(place), &campaigns)
        });
        (Seen { version: self.version, ..seen }, frame)
    }

    /// Forgets the changes that every client has.
    pub(crate) fn forget(&mut self, everyone_has: Version) {
        self.views.iter_mut().flatten().for_each(|view| view.forget(everyone_has));
        self.reset.take_if(|reset| reset.version <= everyone_has);
    }
}

/// Returns the beginning of a stream with `snapshot`.
pub(crate) fn beginning(snapshot: &Frame, after_reset: bool) -> Frame {
    snapshot.after(if after_reset { BEGINNING_AND_RESET } else { BEGINNING })
}
