//! Reconciliation and backfill of tables that were damaged, on real servers.
#![cfg(test)]

mod archive_retention;
mod backfill;
mod expired_records;
mod kept_rollups;
mod log_and_archive;
mod objects;
mod parked;
mod persons;
mod rebuild_requests;
mod restored;
mod rows;
#[path = "../stand/mod.rs"]
mod shared;
mod stand;
mod tables;
