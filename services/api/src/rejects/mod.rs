//! Rejects: refused events, which their tenant reads, corrects and resubmits.

mod doubt;
mod listing;
mod query;
mod reading;
mod resubmit;

use control_plane::ControlPlane;
use stream::Producer;
use warehouse::Warehouse;

pub(crate) use listing::RejectListing;
pub(crate) use query::{RejectsQuery, RejectsRequest};
pub(crate) use resubmit::{
    EventError, RequestedReject, ResubmitAnswer, ResubmitCounts, ResubmitOutcome,
};

/// The stores from which rejects are read, and the log to which they are resubmitted. Clones share
/// everything.
#[derive(Clone)]
pub(crate) struct Rejects {
    control_plane: ControlPlane,
    warehouse: Warehouse,
    producer: Producer,
    events_topic: String,
}

impl Rejects {
    pub(crate) fn new(
        control_plane: ControlPlane,
        warehouse: Warehouse,
        producer: Producer,
        events_topic: String,
    ) -> Self {
        Self { control_plane, warehouse, producer, events_topic }
    }
}
