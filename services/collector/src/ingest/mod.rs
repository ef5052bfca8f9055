//! From a request's bytes to the records to be stored, and to the answer.

mod admit;
mod body;
mod encoding;
mod form;
mod in_flight;
mod inflate;
mod publish;
mod receipt;
mod sort;

use std::time::Duration;

use aggregates::Aggregates;

pub(crate) use admit::{Decision, refused};
pub(crate) use encoding::Encoding;
pub(crate) use form::{form_of, shape_problem};
pub(crate) use publish::Taken;
pub(crate) use receipt::{Counts, Outcome, Receipt};

use crate::{CollectorSettings, log::Log};
use in_flight::InFlight;

/// When to try again after something was away or full.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What takes events in: the log, the limits, and the memory they may fill.
pub(crate) struct Ingest {
    pub(crate) settings: CollectorSettings,
    log: Log,
    aggregates: Aggregates,
    in_flight: InFlight,
}

impl Ingest {
    pub(crate) fn new(settings: CollectorSettings, log: Log, aggregates: Aggregates) -> Self {
        let in_flight = InFlight::new(settings.in_flight_bytes);
        Self { settings, log, aggregates, in_flight }
    }
}
