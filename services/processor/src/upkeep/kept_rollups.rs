//! Rollups that outlive their rows.

use std::time::Duration;

use chrono::{DateTime, Datelike, DurationRound, TimeDelta, Utc};
use control_plane::{ExclusiveLease, Group, Ledger, TenantDetail};
use tokio::time::sleep;
use warehouse::ExpiredDay;

use crate::{Dependencies, ProcessorError};

/// How long rollups are kept before their rows are deleted. An api learns of them within a minute, and none of its
/// reports takes that long.
const SETTLES_AFTER: Duration = Duration::from_mins(10);

/// How far the clocks of brokers may differ.
const CLOCKS: TimeDelta = TimeDelta::hours(1);

/// How often a lease is asked for, once a second, while a reconciliation runs.
const PATIENCE: u32 = 60;

/// Returns whether rollups of the tenant outlive their rows.
pub(super) const fn keeps_rollups(tenant: &TenantDetail) -> bool {
    tenant.rollup_retention_days > tenant.retention_days
}

/// Returns the time before which rollups of the tenant are expired. It is the start of a month, because the
/// tables have a partition for each, and a deletion writes it again.
pub(super) fn rollup_horizon(tenant: &TenantDetail, now: DateTime<Utc>) -> DateTime<Utc> {
    let retained = TimeDelta::days(i64::from(tenant.rollup_retention_days));
    let today = now.duration_trunc(TimeDelta::days(1)).unwrap_or(now);
    let last = today.checked_sub_signed(retained).unwrap_or(DateTime::UNIX_EPOCH);
    last.with_day(1).unwrap_or(last)
}

/// Keeps the rollups of the tenant's rows before `horizon`. Returns the time before which the rows may be deleted:
/// of all days before it, rollups are kept for long enough.
pub(super) async fn keep_rollups(
    dependencies: &Dependencies,
    tenant: &TenantDetail,
    horizon: DateTime<Utc>,
) -> Result<DateTime<Utc>, ProcessorError> {
    let client_id = &tenant.record.client_id;
    let destination = &tenant.record.placement.destination(client_id);
    let warehouse = &dependencies.warehouse;
    let days = warehouse.expired_days(destination, client_id, horizon, SETTLES_AFTER).await?;
    for day in days.iter().filter(|day| !day.is_kept) {
        // Nobody repairs rows meanwhile. Later repairs know that the day has expired.
        let Some(mut lease) = lease(&dependencies.control_plane.ledger()).await? else { break };
        let is_kept = lease.during(keep_day(dependencies, tenant, *day)).await??;
        lease.end().await?;
        if !is_kept {
            break;
        }
    }
    Ok(days.iter().find(|day| !day.is_settled).map_or(horizon, |day| day.start))
}

/// Keeps the rollups of a day. Returns `false` while rows may still be added to it.
async fn keep_day(
    dependencies: &Dependencies,
    tenant: &TenantDetail,
    day: ExpiredDay,
) -> Result<bool, ProcessorError> {
    let Dependencies { control_plane, warehouse, kafka, .. } = dependencies;
    let client_id = &tenant.record.client_id;
    let destination = &tenant.record.placement.destination(client_id);
    let as_of = control_plane.ledger().as_of(Group::Store, &kafka.events_topic).await?;
    let is_stored = as_of.is_some_and(|as_of| day.end() + CLOCKS <= as_of);
    let is_kept = is_stored && warehouse.keep_day(destination, client_id, day).await?;
    match is_kept {
        true => tracing::info!(%client_id, day = %day.start, "the rollups of a day are kept"),
        false => tracing::warn!(%client_id, day = %day.start, "an expired day is not complete"),
    }
    Ok(is_kept)
}

/// Returns the right to repair rows; `None` if other processes have it for a minute.
async fn lease(ledger: &Ledger) -> Result<Option<ExclusiveLease>, ProcessorError> {
    for _ in 0..PATIENCE {
        if let Some(lease) = ledger.begin_reconciliation().await? {
            return Ok(Some(lease));
        }
        sleep(Duration::from_secs(1)).await;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use testkit::tenant_record;

    use super::*;

    fn tenant(retention_days: u32, rollup_retention_days: u32) -> TenantDetail {
        TenantDetail {
            record: tenant_record(&"acme".parse().unwrap()),
            retention_days,
            rollup_retention_days,
            rows_from: None,
            created_at: DateTime::UNIX_EPOCH,
            state_since: DateTime::UNIX_EPOCH,
            suspended_for: None,
        }
    }

    #[test]
    fn rollups_are_kept_if_they_outlive_their_rows() {
        assert!(keeps_rollups(&tenant(30, 761)));
        assert!(!keeps_rollups(&tenant(30, 30)));
        assert!(!keeps_rollups(&tenant(1095, 761)));
    }

    #[test]
    fn rollups_expire_by_whole_months() {
        let horizon = |now: &str, days| {
            let horizon = rollup_horizon(&tenant(1, days), now.parse().unwrap());
            horizon.format("%FT%T").to_string()
        };
        assert_eq!(horizon("2026-03-31T12:34:56.789Z", 30), "2026-03-01T00:00:00");
        assert_eq!(horizon("2026-03-30T23:59:59Z", 30), "2026-02-01T00:00:00");
        assert_eq!(horizon("2026-11-28T00:00:00Z", 761), "2024-10-01T00:00:00");
        assert_eq!(horizon("2026-11-28T00:00:00Z", 36_500), "1926-12-01T00:00:00");
    }
}
