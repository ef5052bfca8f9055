//! Events that were refused: shown to their tenant, and put into the log once they are right.

mod doubt;
mod listing;
mod query;
mod reading;
mod replay;

use control_plane::ControlPlane;
use stream::Producer;
use warehouse::Warehouse;

pub(crate) use listing::RejectListing;
pub(crate) use query::{RejectsQuery, RejectsRequest};
pub(crate) use replay::{Asked, ReplayAnswer};

/// What rejects are read from and replayed to. Cloning shares all.
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
