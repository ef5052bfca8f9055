#![doc = include_str!("../README.md")]

mod audit;
mod batch;
mod block;
mod campaign;
mod cluster;
mod driver;
mod error;
mod insert;
mod live_base;
mod migrate;
mod native;
mod read_back;
mod rejects;
mod retention;
mod row;
mod tenant;
mod turns;
mod warehouse;

pub use audit::{LogRange, Tally};
pub use batch::InsertBatch;
pub use campaign::Visitors;
pub use cluster::ClusterSettings;
pub use error::{Cause, InsertError, MigrationError, WarehouseError};
pub use live_base::{LogFrontier, QuarterSums, Rank, RankedProduct, SeenVisitor, Slice};
pub use rejects::{LogPlace, RejectFilter, RejectId, RejectKey, RejectedEvent};
pub use row::{Coordinates, EventRow};
pub use tenant::TenantWarehouse;
pub use warehouse::Warehouse;
