//! What the store sink has written, damaged behind its back, on real servers.
#![cfg(test)]

mod finding;
mod owing;
mod refilling;
mod replaying;
mod stand;
