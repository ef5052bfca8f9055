#![doc = include_str!("../README.md")]

mod address;
mod allowance;
mod apply;
mod batch;
mod call;
mod chain;
mod connection;
mod erase;
mod error;
mod feed;
mod fields;
mod follower;
mod kept_reads;
mod keys;
mod limits;
mod live_feed;
mod logins;
mod names;
mod network;
mod rebuild;
mod recount;
mod scripts;
mod settings;
mod shared_connection;
mod slot_group;
mod tenant;
mod tickets;

pub use batch::{
    ApplyOutcome, LiveBatch, LiveDelta, MAX_BATCH_ARGUMENTS, MAX_BATCH_EVENTS, ProductDelta,
};
pub use chain::{ChainStart, whole_after};
pub use connection::Aggregates;
pub use error::AggregatesError;
pub use feed::{FeedEntry, FeedQuarter, FeedSince, StreamId, StreamIdError};
pub use follower::{CampaignFeed, Change, Follower, TenantFeed};
pub use kept_reads::Fingerprint;
pub use limits::Admission;
pub use live_feed::LiveFeed;
pub use logins::account_hash;
pub use names::{AdmittedNames, FullNames, NameBudget, NameKind};
pub use network::{network, network_address};
pub use rebuild::{Finish, Rebuild};
pub use settings::RedisSettings;
pub use slot_group::SlotGroup;
pub use tenant::{LiveDay, LiveSeries, TenantAggregates};
pub use tickets::{Claimed, TicketClaim};
