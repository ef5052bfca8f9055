#![doc = include_str!("../README.md")]

mod archive;
mod audit;
mod error;
mod generation;
mod history;
mod live;
mod member;
mod record;
mod rejects;
mod repair;
mod replay;
mod retry;
mod settings;
mod sink;
mod store;
mod upkeep;

pub use audit::{ArchiveFindings, Audit, AuditProgress, AuditReport, Trouble, audit};
pub use error::ProcessorError;
pub use repair::Findings;
pub use replay::{Replay, ReplayProgress, ReplayReport, replay};
pub use settings::ProcessorSettings;
pub use sink::{Parts, Sink, run};
