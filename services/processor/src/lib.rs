#![doc = include_str!("../README.md")]

mod archive;
mod archive_retention;
mod backfill;
mod backups;
mod current_generation;
mod dependencies;
mod error;
mod halt;
mod history;
mod horizon;
mod known_erasures;
mod live;
mod member;
mod moves;
mod object_erasure;
mod offboarding;
mod parked;
mod person_erasures;
mod reconcile;
mod record;
mod rejects;
mod repair;
mod retry;
mod rows;
mod run;
mod settings;
mod settle;
mod store;
#[cfg(test)]
mod test_log;
mod upkeep;

pub use backfill::{Backfill, BackfillProgress, BackfillReport, backfill};
pub use dependencies::Dependencies;
pub use error::ProcessorError;
pub use person_erasures::{
    PersonRemains, PersonSearchError, RewrappedRegister, count_register_keys, erase_persons_again,
    find_persons, rewrap_register,
};
pub use reconcile::{
    ArchiveFindings, Reconcile, ReconcileProgress, ReconcileReport, Trouble, reconcile,
};
pub use repair::Findings;
pub use run::run;
pub use settings::ProcessorSettings;
pub use settle::{SettledArchive, erase_tenants_again, settle_archive};
