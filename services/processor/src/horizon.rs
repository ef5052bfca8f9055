//! Before which times what a tenant has is past its retention, in every store. Reports tell the same times, which
//! PostgreSQL computes (`tenant/retained_from`).

use chrono::{DateTime, Datelike, DurationRound, TimeDelta, Utc};
use control_plane::TenantDetail;

/// The time before which rows, rejects and archived records of the tenant are expired. It is the start of a day, so
/// that there is one deletion a day for each tenant; ClickHouse stores rows by day. What was deleted stays so when the
/// retention is made longer: rollups may be kept in its place.
pub(crate) fn horizon(tenant: &TenantDetail, now: DateTime<Utc>) -> DateTime<Utc> {
    let horizon = days_before(now, tenant.retention_days);
    tenant.rows_from.map_or(horizon, |deleted| deleted.max(horizon))
}

/// Whether rollups of the tenant outlive their rows.
pub(crate) const fn keeps_rollups(tenant: &TenantDetail) -> bool {
    tenant.rollup_retention_days > tenant.retention_days
}

/// The time before which kept rollups of the tenant are expired. It is the start of a month, because the tables have a
/// partition for each, and a deletion writes it again.
pub(crate) fn rollup_horizon(tenant: &TenantDetail, now: DateTime<Utc>) -> DateTime<Utc> {
    let last = days_before(now, tenant.rollup_retention_days);
    last.with_day(1).unwrap_or(last)
}

/// The start of a day, so many days ago.
fn days_before(now: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    let today = now.duration_trunc(TimeDelta::days(1)).unwrap_or(now);
    today.checked_sub_signed(TimeDelta::days(days.into())).unwrap_or(DateTime::UNIX_EPOCH)
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

    fn at(time: &str) -> DateTime<Utc> {
        time.parse().unwrap()
    }

    #[test]
    fn rollups_are_kept_if_they_outlive_their_rows() {
        assert!(keeps_rollups(&tenant(30, 761)));
        assert!(!keeps_rollups(&tenant(30, 30)));
        assert!(!keeps_rollups(&tenant(1095, 761)));
    }

    #[test]
    fn rows_expire_by_whole_days_and_what_was_deleted_stays_so() {
        let now = at("2026-03-31T12:34:56.789Z");
        let retained =
            |days, rows_from| horizon(&TenantDetail { rows_from, ..tenant(days, 761) }, now);
        assert_eq!(retained(30, None), at("2026-03-01T00:00:00Z"));
        let deleted = Some(at("2026-02-20T00:00:00Z"));
        assert_eq!(retained(30, deleted), at("2026-03-01T00:00:00Z"));
        assert_eq!(
            retained(90, deleted),
            at("2026-02-20T00:00:00Z"),
            "the retention was made longer"
        );
    }

    #[test]
    fn rollups_expire_by_whole_months() {
        let horizon = |now: &str, days| {
            let horizon = rollup_horizon(&tenant(1, days), at(now));
            horizon.format("%FT%T").to_string()
        };
        assert_eq!(horizon("2026-03-31T12:34:56.789Z", 30), "2026-03-01T00:00:00");
        assert_eq!(horizon("2026-03-30T23:59:59Z", 30), "2026-02-01T00:00:00");
        assert_eq!(horizon("2026-11-28T00:00:00Z", 761), "2024-10-01T00:00:00");
        assert_eq!(horizon("2026-11-28T00:00:00Z", 36_500), "1926-12-01T00:00:00");
    }
}
