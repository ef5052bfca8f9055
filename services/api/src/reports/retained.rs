//! What the retention of a tenant has deleted of the time that a report is about.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use metrics::{Counter, Filter, Granularity, Level, TimeRange};
use problem::{Code, Problem};
use tenancy::TenantContext;
use warehouse::{CellQuery, Keys};

use super::Sources;
use crate::failure::Failure;

/// What the numbers of a report are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Rows of events, at least for some of them.
    Rows,
    /// Sums that rollups have, which are kept for longer.
    Rollups,
}

/// How long before a range orders are looked at, to know which ones are new to a brand.
const NEW_TO_BRAND: TimeDelta = TimeDelta::days(365);

impl Sources {
    /// Refuses zeros about a range of which everything has expired that a report reads. If some of it is there,
    /// it was imported later, and a report without numbers is right. Only for a credential that may see all
    /// campaigns: to another one, the refusal would tell whether others have events.
    ///
    /// # Errors
    /// The range has expired, and no event of it is stored; `pointer` names its start. The query is too
    /// expensive, or the cluster is unavailable.
    pub(crate) async fn still_known(
        &self,
        tenant: &TenantContext,
        range: TimeRange,
        pointer: &str,
        reads: Reads,
    ) -> Result<(), Failure> {
        let retained_from = self.retained_from(tenant, reads).await;
        let Some(retained_from) = retained_from.filter(|time| range.to() <= *time) else {
            return Ok(());
        };
        match self.has_events(tenant, range, reads).await? {
            true => Ok(()),
            false => Err(deleted(retained_from, pointer).into()),
        }
    }

    /// Returns whether any event of a range is stored.
    async fn has_events(
        &self,
        tenant: &TenantContext,
        range: TimeRange,
        reads: Reads,
    ) -> Result<bool, Failure> {
        let query = CellQuery {
            range,
            buckets: Granularity::Total.buckets(range, Tz::UTC),
            zone: Tz::UTC,
            home: tenant.currency(),
            level: Level::Event,
            counts: true,
            by: &[],
            filter: &Filter::EVERYTHING,
            keys: Keys::All,
            advertisers: None,
        };
        let reader = self.warehouse.for_tenant(tenant).in_one_slot();
        let kept = self.kept_days(tenant, &reader, reads, range.from()).await?;
        let cells = reader.with_kept_days(kept).cells(&query).await?;
        Ok(cells.values().any(|sums| sums.count(Counter::Events) > 0))
    }
}

/// Returns from when on events are read to count those of a range.
pub(crate) fn read_from(range: TimeRange, needs_new_to_brand: bool) -> DateTime<Utc> {
    match needs_new_to_brand {
        true => range.from().checked_sub_signed(NEW_TO_BRAND).unwrap_or(DateTime::<Utc>::MIN_UTC),
        false => range.from(),
    }
}

/// Returns from when on events are retained, if they are read from before that time.
pub(crate) fn touched(
    retained_from: Option<DateTime<Utc>>,
    read_from: impl IntoIterator<Item = DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let retained_from = retained_from?;
    read_from.into_iter().any(|time| time < retained_from).then_some(retained_from)
}

fn deleted(retained_from: DateTime<Utc>, pointer: &str) -> Problem {
    let time = retained_from.to_rfc3339_opts(SecondsFormat::Secs, true);
    let reason = format!(
        "is of events that the tenant's retention has deleted: ask for a range from {time} on, or import \
         the events again"
    );
    Problem::new(Code::InvalidRange, "The events of the range are deleted.")
        .with_error(pointer, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_report_is_touched_if_it_reads_what_is_no_longer_retained() {
        let retained = Some(at("2026-03-01T00:00:00Z"));
        let old = at("2026-02-28T23:45:00Z");
        let new = at("2026-03-01T00:00:00Z");
        assert_eq!(touched(retained, [new, old]), retained);
        assert_eq!(touched(retained, [new]), None);
        assert_eq!(touched(None, [old]), None);
    }

    #[test]
    fn what_is_new_to_a_brand_is_read_from_a_year_before_the_range() {
        let day = |from, to| TimeRange::covering(at(from), at(to)).unwrap();
        let march = day("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z");
        assert_eq!(read_from(march, false), march.from());
        assert_eq!(read_from(march, true), at("2025-03-01T00:00:00Z"));
        let earliest = day("1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z");
        assert_eq!(read_from(earliest, true), at("1969-01-01T00:00:00Z"));
    }
}
