//! Journeys across services, used as a customer would.
#![cfg(test)]
#![expect(clippy::string_slice, reason = "tests slice their own texts")]

mod agreement;
mod archive;
mod backfill;
mod bad_input;
mod crashes;
mod deck;
mod examples;
mod finished;
mod formulas;
mod generated;
mod identity;
mod isolation;
mod keys;
mod live;
mod losses;
mod marks;
mod moves;
mod operating;
mod oracle;
mod parked;
mod persons;
mod rebuilds;
mod recount;
mod rejects;
mod relations;
mod report_jobs;
mod samples;
mod spool;
mod tables;
mod tenant_lives;
mod tiers;
mod traces;
mod years;
