//! The store group, on real servers.
#![cfg(test)]

mod generations;
mod late;
mod names;
mod poison;
mod recovery;
mod shop;
#[expect(dead_code, reason = "the tests of reconciliation use more of it")]
#[path = "../stand/mod.rs"]
mod stand;
