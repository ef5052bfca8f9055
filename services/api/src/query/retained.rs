use chrono::{DateTime, SecondsFormat, Utc};
use metrics::{Counter, TimeRange};
use problem::{Code, Problem};

use super::segments::Numbers;

/// Returns from when on rows are retained, if one of the ranges begins before.
pub(super) fn touched(
    retained_from: Option<DateTime<Utc>>,
    ranges: impl IntoIterator<Item = TimeRange>,
) -> Option<DateTime<Utc>> {
    let retained_from = retained_from?;
    ranges.into_iter().any(|range| range.from() < retained_from).then_some(retained_from)
}

/// Refuses zeros about a range of which all rows have expired: rollups expire with their rows. If some
/// are there, they were imported later.
///
/// # Errors
/// The range has expired, and nothing of it is stored.
pub(super) fn still_known(
    range: TimeRange,
    numbers: &Numbers,
    retained_from: Option<DateTime<Utc>>,
) -> Result<(), Problem> {
    let Some(retained_from) = retained_from.filter(|time| range.to() <= *time) else {
        return Ok(());
    };
    if numbers.sums.count(Counter::Events) > 0 {
        return Ok(());
    }
    let time = retained_from.to_rfc3339_opts(SecondsFormat::Secs, true);
    let reason = format!(
        "is of events that the tenant's retention has deleted, with the rollups of them: ask for a range \
         from {time} on, or import the events again"
    );
    Err(Problem::new(Code::InvalidRange, "The events of the range are deleted.")
        .with_error("/time/from", reason))
}

#[cfg(test)]
mod tests {
    use metrics::Sums;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn range(from: &str, to: &str) -> TimeRange {
        TimeRange::covering(at(from), at(to)).unwrap()
    }

    #[test]
    fn a_range_is_touched_if_it_begins_before_what_is_retained() {
        let retained = Some(at("2026-03-01T00:00:00Z"));
        let old = range("2026-02-28T00:00:00Z", "2026-03-02T00:00:00Z");
        let new = range("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z");
        assert_eq!(touched(retained, [new, old]), retained);
        assert_eq!(touched(retained, [new]), None);
        assert_eq!(touched(None, [old]), None);
    }

    #[test]
    fn only_an_expired_range_without_any_event_is_refused() {
        let retained = Some(at("2026-03-01T00:00:00Z"));
        let mut sums = Sums::default();
        let nothing = Numbers::default();
        let february = range("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
        let longer = range("2026-02-01T00:00:00Z", "2026-03-01T00:15:00Z");
        let refused = still_known(february, &nothing, retained).unwrap_err();
        assert!(refused.body("r").contains("2026-03-01T00:00:00Z"), "{}", refused.body("r"));
        assert!(still_known(longer, &nothing, retained).is_ok());
        assert!(still_known(february, &nothing, None).is_ok());
        sums.add_count(Counter::Events, None, 1);
        let imported = Numbers { sums, ..Numbers::default() };
        assert!(still_known(february, &imported, retained).is_ok());
    }
}
