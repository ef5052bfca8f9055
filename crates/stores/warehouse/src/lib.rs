#![doc = include_str!("../README.md")]

mod backup;
mod batch;
mod behaviour;
mod block;
mod campaign;
mod cells;
mod cluster;
mod cohort;
mod connector;
mod coordinates;
mod copies;
mod driver;
mod erase;
mod error;
mod export;
mod insert;
mod kept;
mod live_base;
mod migrate;
mod moving;
mod native;
mod parameters;
mod person_export;
mod persons;
mod probe;
mod query_slots;
mod read_back;
mod rejects;
mod retention;
mod row_policy;
mod statement;
mod tally;
mod tenant;
mod usage;
mod warehouse;

pub use batch::InsertBatch;
pub use behaviour::{
    Activity, AdTouch, EventKey, JourneyQuery, KeyActivities, KeyEvents, KeyJourney, KeyReturns,
    LineProduct, Local, MomentQuery, OrderLine, Refund, ReturnQuery, TimeQuery,
};
pub use block::{BlockBuilder, EventBlock};
pub use campaign::DistinctSeries;
pub use cells::{Advertisers, Cell, CellQuery, DistinctCells, Explanation, Keys};
pub use cluster::{ADDRESS, ClusterSettings, is_address};
pub use connector::ClickHouseSettings;
pub use coordinates::{Coordinates, RowPlace};
pub use erase::TenantRows;
pub use error::{Cause, InsertError, MigrationError, QueryLimit, WarehouseError};
pub use export::{EventExport, ExportFormat, ExportQuery};
pub use kept::{ExpiredDay, KeptDays, KeptRollup};
pub use live_base::{LogFrontier, QuarterSums, Rank, RankedProduct, SeenVisitor, Slice};
pub use moving::{KeptTally, PieceTally, RowLane, RowPiece};
pub use person_export::{NamingReject, PersonExport, PersonIds, PersonPart};
pub use persons::{PersonRows, PersonSearch};
pub use probe::{ClusterAccount, ClusterProbe, ProbeError};
pub use rejects::{RejectFilter, RejectId, RejectKey, RejectedEvent};
pub use tally::Tally;
pub use tenant::TenantWarehouse;
pub use usage::{DayUsage, UsageQuery};
pub use warehouse::Warehouse;
