use std::collections::BTreeMap;

use aggregates::StreamId;
use bytes::Bytes;
use tenancy::{CampaignId, TenantContext};

use super::{
    frames::{self, BEGINNING, Frame},
    places::Place,
    selection::Selection,
    view::Missed,
};

/// Whether a frame is about one campaign, or contains a list of campaigns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Campaign,
    List,
}

impl Form {
    /// Creates the frame of an event about these campaigns.
    pub(super) fn frame(
        self,
        name: &'static str,
        id: Option<Place>,
        campaigns: &[&Bytes],
    ) -> Frame {
        let data = match (self, campaigns) {
            (Self::Campaign, [campaign]) => (*campaign).clone(),
            _ => frames::joined(campaigns.iter().copied()),
        };
        Frame::new(name, id, data)
    }

    /// Returns what a client has received that has all of its campaigns up to a place in the feed.
    pub(crate) fn place(self, feed: StreamId, selection: &Selection) -> Place {
        Place { feed, campaigns: (self == Self::List).then_some(selection.digest) }
    }

    /// Creates the beginning of a stream that resumes: what it has missed up to `place`.
    pub(crate) fn missed(
        self,
        tenant: &TenantContext,
        place: Place,
        missed: &BTreeMap<CampaignId, Missed>,
    ) -> Frame {
        let data = missed.iter().filter_map(|(campaign, missed)| missed.data(tenant, campaign));
        let data: Vec<_> = data.collect();
        if data.is_empty() {
            return Frame::beginning();
        }
        let is_complete = missed.values().all(|missed| missed.named.is_empty());
        let campaigns: Vec<_> = data.iter().collect();
        self.frame("update", is_complete.then_some(place), &campaigns).after(BEGINNING)
    }
}
