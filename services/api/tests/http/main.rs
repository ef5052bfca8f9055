//! The api over HTTP, with its own database and two tenants.
#![cfg(test)]

mod admin;
mod advertisers;
mod annotations;
mod attribution;
mod behaviour;
mod buckets;
mod campaigns;
mod catalogue;
mod cohorts;
mod cross_origin;
mod customer_types;
mod dimensions;
mod exports;
mod formats;
mod guards;
mod head;
mod invitations;
mod limits;
mod me;
mod measures;
mod metrics_by_role;
mod new_to_brand;
mod query;
mod rejects;
mod report_jobs;
mod saved_reports;
mod schedules;
mod sessions;
mod shown;
mod stand;
mod team;
mod time_rules;
mod windows;
mod wire;
mod without_postgres;
