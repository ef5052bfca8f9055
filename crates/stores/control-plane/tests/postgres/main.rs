//! The control plane on a real PostgreSQL.

#[cfg(test)]
mod annotations;
#[cfg(test)]
mod api_keys;
#[cfg(test)]
mod archived;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod backups;
#[cfg(test)]
mod caches;
#[cfg(test)]
mod campaigns;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod data_keys;
#[cfg(test)]
mod data_versions;
#[cfg(test)]
mod dimensions;
#[cfg(test)]
mod done;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod invitations;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod kept_cohorts;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod moves;
#[cfg(test)]
mod offboarding;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod person_erasures;
#[cfg(test)]
mod privileges;
#[cfg(test)]
mod rebuild_requests;
#[cfg(test)]
mod reconciliation;
#[cfg(test)]
mod report_jobs;
#[cfg(test)]
mod resubmissions;
#[cfg(test)]
mod retained;
#[cfg(test)]
mod saved_reports;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod sealed_secrets;
#[cfg(test)]
mod second_factors;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod table_copies;
#[cfg(test)]
mod usage;
