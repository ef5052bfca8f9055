//! Rejects: refused events, which their tenant reads, corrects and resubmits.

mod doubt;
mod listing;
mod query;
mod quotas;
mod reading;
mod resubmit;

use aggregates::Aggregates;
use control_plane::ControlPlane;
use stream::Producer;
use warehouse::Warehouse;

pub(crate) use listing::RejectListing;
pub(crate) use query::{RejectsQuery, RejectsRequest};
pub(crate) use resubmit::{
    EventError, RequestedReject, ResubmitAnswer, ResubmitCounts, ResubmitOutcome,
};

/// The stores from which rejects are read, the log to which they are resubmitted, and the quotas of both.
/// Clones share everything.
#[derive(Clone)]
pub(crate) struct Rejects {
    control_plane: ControlPlane,
    warehouse: Warehouse,
    producer: Producer,
    aggregates: Aggregates,
    events_topic: String,
}

impl Rejects {
    pub(crate) fn new(
        control_plane: ControlPlane,
        warehouse: Warehouse,
        producer: Producer,
        aggregates: Aggregates,
        events_topic: String,
    ) -> Self {
        Self { control_plane, warehouse, producer, aggregates, events_topic }
    }
}
