//! What the store sink has written, damaged behind its back, on real servers.
#![cfg(test)]

mod finding;
mod refilling;
mod replaying;
mod stand;
