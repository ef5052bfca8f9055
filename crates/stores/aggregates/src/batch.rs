use chrono::{DateTime, Utc};
use metrics::{QuarterHour, Sums};
use money::Quantity;
use tenancy::CampaignId;

/// The events a batch should hold at most: one script run is then a few milliseconds in which
/// Redis does nothing else.
pub const MAX_BATCH_EVENTS: usize = 10_000;

/// The script arguments one bucket of a batch may need at most: a quarter of what Redis takes.
pub const MAX_BATCH_ARGUMENTS: usize = 250_000;

/// A stretch of one partition of the log.
///
/// Stretches follow each other without gaps: `first` is the previous `last` plus one, also across
/// offsets that hold no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveBatch {
    /// Generation of the log.
    pub kgen: u16,
    /// Partition of the log.
    pub partition: u16,
    /// First offset.
    pub first: u64,
    /// Last offset, inclusive.
    pub last: u64,
    /// When the newest record came into the log.
    pub log_time: DateTime<Utc>,
}

/// What a batch adds to one quarter hour of one campaign.
#[derive(Clone, Debug)]
pub struct LiveDelta {
    /// The campaign.
    pub campaign: CampaignId,
    /// The quarter hour that the events happened in.
    pub quarter: QuarterHour,
    /// The additive numbers.
    pub sums: Sums,
    /// Who was seen; repetition does no harm.
    pub visitors: Vec<String>,
    /// Which products, each once.
    pub products: Vec<ProductDelta>,
}

/// What a batch adds to one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductDelta {
    /// The retailer's id of the product.
    pub product_id: String,
    /// Times its page was shown.
    pub views: u64,
    /// Units sold.
    pub units: Quantity,
}

/// What became of a batch in one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It is counted now.
    Applied,
    /// It was counted before: a replay, or a writer who lost its partition.
    AlreadyApplied,
    /// Nothing was written: the batch does not begin at the bucket's fence.
    ChainBroken {
        /// The offset the bucket takes next: send the log again from there, cutting a batch that
        /// straddles it. `None` when Redis has lost the chain or never had one: start it.
        fence: Option<u64>,
    },
}
