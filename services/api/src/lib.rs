#![doc = include_str!("../README.md")]

mod annotations;
mod attachment;
mod behaviour;
mod caller;
mod campaigns;
mod cohorts;
mod dimensions;
mod exports;
mod failure;
mod invitations;
mod last_known;
mod live;
mod member;
mod names;
pub mod onboarding;
mod openapi;
mod pagination;
mod present;
mod query;
mod rejects;
mod report_jobs;
mod report_request;
mod reports;
mod routes;
mod run;
mod saved_reports;
mod schedules;
mod schemas;
mod sessions;
mod settings;
mod state;

pub use openapi::openapi;
pub use routes::PUBLIC as PUBLIC_ROUTES;
pub use run::run;
pub use settings::ApiSettings;
pub use state::Dependencies;
