use control_plane::{TenantDetail, TenantSpec};
use tenancy::{Limits, TenantState};

use super::{OnboardingError, field::Fields, file::LimitsFile, quotas};

/// How long events and rollups of a tenant's file or of a change are kept. What is absent stays.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RetentionFile {
    pub(crate) retention_days: Option<u32>,
    pub(crate) rollup_retention_days: Option<u32>,
}

/// Checks the numbers of a tenant's file or of a change.
pub(super) fn check_numbers(fields: &mut Fields, limits: &LimitsFile, retention: RetentionFile) {
    for (pointer, days) in [
        ("/retention_days", retention.retention_days),
        ("/rollup_retention_days", retention.rollup_retention_days),
    ] {
        let right = days.is_none_or(|days| (1..=36_500).contains(&days));
        fields.must(right, pointer, "must be 1 to 36500 days");
    }
    for (pointer, right) in [
        ("/limits/events_per_second", limits.events_per_second != Some(0)),
        ("/limits/concurrent_queries", limits.concurrent_queries != Some(0)),
        ("/limits/partition_spread", limits.partition_spread != Some(0)),
    ] {
        fields.must(right, pointer, "must be at least 1");
    }
    let seconds = 1..=Limits::MOST_QUERY_SECONDS;
    let right = limits.query_seconds.is_none_or(|number| seconds.contains(&number));
    fields.must(right, "/limits/query_seconds", "must be 1 to 30 seconds");
    let memory = 1..=Limits::MOST_QUERY_MEMORY_MIB;
    let right = limits.query_memory_mib.is_none_or(|number| memory.contains(&number));
    fields.must(right, "/limits/query_memory_mib", "must be 1 to 1048576 MiB");
    let rows = 1..=Limits::MOST_QUERY_ROWS;
    let right = limits.query_rows.is_none_or(|number| rows.contains(&number));
    fields.must(right, "/limits/query_rows", "must be 1 to 9223372036854775807 rows");
    quotas::check(fields, &limits.quotas);
}

/// Checks that a change leaves the partitions of an existing tenant. Re-sends of an event are recognised
/// within a partition, and the spread selects the partition.
pub(super) fn check_partition_spread(
    fields: &mut Fields,
    asked: Option<u16>,
    known: &TenantDetail,
) {
    let record = &known.record;
    let spread = record.limits.partition_spread;
    // Before a tenant is active, the log has no event of it.
    let fixed = record.state != TenantState::Provisioning;
    if fixed && asked.is_some_and(|asked| asked != spread) {
        let moved = "events would move to other partitions, and a re-send could count twice";
        fields.fault("/limits/partition_spread", format!("must stay {spread}: {moved}"));
    }
}

/// Returns the settings of a tenant with these limits and these retentions; what is absent stays.
///
/// # Errors
/// [`OnboardingError::Fields`]: every wrong field.
pub(crate) fn changed_spec(
    known: &TenantDetail,
    change: &LimitsFile,
    retention: RetentionFile,
) -> Result<TenantSpec, OnboardingError> {
    let mut fields = Fields::default();
    check_numbers(&mut fields, change, retention);
    check_partition_spread(&mut fields, change.partition_spread, known);
    let errors = fields.into_errors();
    if !errors.is_empty() {
        return Err(OnboardingError::Fields(errors));
    }
    let record = &known.record;
    let limits = record.limits;
    Ok(TenantSpec {
        client_id: record.client_id.clone(),
        name: record.name.clone(),
        limits: Limits {
            events_per_second: change.events_per_second.unwrap_or(limits.events_per_second),
            concurrent_queries: change.concurrent_queries.unwrap_or(limits.concurrent_queries),
            live_streams: change.live_streams.unwrap_or(limits.live_streams),
            partition_spread: change.partition_spread.unwrap_or(limits.partition_spread),
            query_seconds: change.query_seconds.unwrap_or(limits.query_seconds),
            query_memory_mib: change.query_memory_mib.unwrap_or(limits.query_memory_mib),
            query_rows: change.query_rows.unwrap_or(limits.query_rows),
            quotas: quotas::changed(limits.quotas, &change.quotas),
        },
        retention_days: retention.retention_days.unwrap_or(known.retention_days),
        rollup_retention_days: retention
            .rollup_retention_days
            .unwrap_or(known.rollup_retention_days),
        time_zone: record.time_zone,
        currency: record.currency,
        origins: record.origins.to_vec(),
    })
}
