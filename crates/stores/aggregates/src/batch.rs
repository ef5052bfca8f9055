use chrono::{DateTime, Utc};
use log::{LogRange, Offset};
use metrics::{QuarterHour, Sums};
use money::Quantity;
use tenancy::CampaignId;

/// The most events that a batch should hold. One script run then blocks Redis for a few
/// milliseconds.
pub const MAX_BATCH_EVENTS: usize = 10_000;

/// The most script arguments that a batch may need in one slot group: a quarter of what Redis
/// accepts.
pub const MAX_BATCH_ARGUMENTS: usize = 250_000;

/// The records of one range of the log.
///
/// Ranges of a partition follow each other without gaps, also across offsets that hold no record:
/// each `first` is the previous `last` plus one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveBatch {
    /// The range of the log.
    pub range: LogRange,
    /// The log time of the newest record.
    pub log_time: DateTime<Utc>,
}

/// What a batch adds to one quarter hour of one campaign.
#[derive(Clone, Debug)]
pub struct LiveDelta {
    /// The campaign.
    pub campaign: CampaignId,
    /// The quarter hour in which the events happened.
    pub quarter: QuarterHour,
    /// The additive numbers.
    pub sums: Sums,
    /// The ids of the visitors; repeated ids count once.
    pub visitors: Vec<String>,
    /// The products, each once.
    pub products: Vec<ProductDelta>,
}

/// What a batch adds to one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductDelta {
    /// The retailer's id of the product.
    pub product_id: String,
    /// Page views.
    pub views: u64,
    /// Units sold.
    pub units: Quantity,
}

/// The result of applying a batch to one slot group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ApplyOutcome {
    /// The batch was applied now.
    Applied,
    /// The batch was applied before: it was sent twice, or the sender has lost its partition.
    AlreadyApplied,
    /// Nothing was written: the batch does not begin at the slot group's fence.
    ChainBroken {
        /// The fence: send the log again from this offset, and cut a batch that straddles it.
        /// `None` when Redis has no chain or has lost it: start one.
        fence: Option<Offset>,
    },
}
