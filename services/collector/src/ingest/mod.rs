//! Turns a request's bytes into records, stores them, and builds the answer.

mod body;
mod encoding;
mod form;
mod in_flight;
mod inflate;
mod names;
mod publish;
mod receipt;
mod sort;
mod submission;

use std::time::Duration;

use aggregates::Aggregates;

pub(crate) use encoding::Encoding;
pub(crate) use in_flight::InFlight;
pub(crate) use publish::Published;
pub(crate) use receipt::{Counts, Outcome, Receipt};
pub(crate) use submission::{Handled, Submission};

use crate::{CollectorSettings, log::Log};
use form::{form_of, shape_problem};
use names::Names;

/// When clients retry after Kafka, the spool or memory was unavailable or full.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The state of event intake: the log, the rate limits, and the shares of memory.
pub(crate) struct Ingest {
    settings: CollectorSettings,
    log: Log,
    aggregates: Aggregates,
    in_flight: InFlight,
    names: Names,
}

impl Ingest {
    pub(crate) fn new(settings: CollectorSettings, log: Log, aggregates: Aggregates) -> Self {
        let in_flight = InFlight::new(settings.in_flight_bytes);
        Self { settings, log, aggregates, in_flight, names: Names::default() }
    }
}
