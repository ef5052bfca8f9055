//! Journeys across services, spoken to as a customer would.
#![cfg(test)]
#![expect(clippy::string_slice, reason = "tests cut texts they made")]

mod agreement;
mod archive;
mod audit;
mod bad_input;
mod crashes;
mod generated;
mod identity;
mod isolation;
mod live;
mod losses;
mod operating;
mod oracle;
mod rebuilds;
mod rejects;
mod samples;
mod spool;
mod tiers;
