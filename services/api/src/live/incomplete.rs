use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use metrics::{QuarterHour, QuarterSeries, Sums, TimeRange};

use super::LiveReport;

/// The quarter hours that a broadcast reads again, because Redis does not hold all of their numbers.
///
/// ClickHouse counts an event shortly after the feed names its quarter hour. So each quarter hour
/// is read until everything received up to its last change is counted. Its numbers are kept after
/// that: they are what the clients have.
#[derive(Debug, Default)]
pub(crate) struct IncompleteQuarters(BTreeMap<QuarterHour, Reading>);

#[derive(Debug)]
struct Reading {
    /// The numbers that the clients have; `None` while they differ between clients.
    sent: Option<Sums>,
    /// Numbers as of an earlier time may be lower than those that the clients have.
    since: DateTime<Utc>,
    /// When the log received the last change; `None` once everything up to it is counted.
    until: Option<DateTime<Utc>>,
}

impl IncompleteQuarters {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.values().all(|reading| reading.until.is_none())
    }

    /// Adds a quarter hour that changed at `log_time`. The numbers that the clients have of it
    /// contain nothing received after `since`.
    pub(crate) fn add(
        &mut self,
        quarter: QuarterHour,
        since: DateTime<Utc>,
        log_time: DateTime<Utc>,
    ) {
        let reading = Reading { sent: None, since, until: None };
        let reading = self.0.entry(quarter).or_insert(reading);
        reading.until = reading.until.max(Some(log_time));
    }

    /// Adds a quarter hour of which one client has earlier numbers than the others.
    pub(crate) fn add_for_one(
        &mut self,
        quarter: QuarterHour,
        since: DateTime<Utc>,
        log_time: DateTime<Utc>,
    ) {
        self.add(quarter, since, log_time);
        if let Some(reading) = self.0.get_mut(&quarter) {
            reading.sent = None;
        }
    }

    /// Removes a quarter hour whose numbers the feed contained. It will contain every later change
    /// too, and numbers read from ClickHouse may be lower by then.
    pub(crate) fn remove(&mut self, quarter: QuarterHour) {
        self.0.remove(&quarter);
    }

    /// Removes all.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds the quarter hours of a report of `range`, requested at `now`, that are not from Redis:
    /// the last events may be missing in them. Other clients may have numbers of them that were
    /// received up to `known`; `None` when there are no other clients.
    pub(crate) fn merge(
        &mut self,
        report: &LiveReport,
        range: TimeRange,
        now: DateTime<Utc>,
        known: Option<DateTime<Utc>>,
    ) {
        let is_incomplete =
            |quarter: &QuarterHour| report.live_from.is_none_or(|from| quarter.start() < from);
        self.0.retain(|quarter, reading| {
            reading.until.is_some() || (range.contains(quarter.start()) && is_incomplete(quarter))
        });
        let as_of = report.as_of.unwrap_or_default();
        for (quarter, sums) in report.series.iter().filter(|(quarter, _)| is_incomplete(quarter)) {
            let reading = self.0.entry(*quarter).or_insert_with(|| match known {
                None => Reading { sent: Some(sums.clone()), since: as_of, until: None },
                Some(known) => Reading { sent: None, since: as_of.max(known), until: None },
            });
            reading.until = reading.until.max(Some(now));
        }
    }

    /// Returns the range to read.
    pub(crate) fn range(&self) -> Option<TimeRange> {
        let mut incomplete = self.0.iter().filter(|(_, reading)| reading.until.is_some());
        let (first, _) = incomplete.clone().next()?;
        let (last, _) = incomplete.next_back()?;
        TimeRange::covering(first.start(), last.end()).ok()
    }

    /// Returns the numbers of a report of `range` that the clients do not have, and completes the
    /// quarter hours that are complete at `as_of`. While `as_of` is unknown, all numbers count and no
    /// quarter hour is complete.
    pub(crate) fn changes(
        &mut self,
        series: &QuarterSeries,
        range: TimeRange,
        as_of: Option<DateTime<Utc>>,
    ) -> QuarterSeries {
        let mut changes = QuarterSeries::new();
        let read = self.0.iter_mut().filter(|(quarter, reading)| {
            range.contains(quarter.start()) && as_of.is_none_or(|as_of| reading.since < as_of)
        });
        for (quarter, reading) in read {
            let sums = series.get(quarter).cloned().unwrap_or_default();
            if reading.sent.as_ref() != Some(&sums) {
                changes.insert(*quarter, sums.clone());
                reading.sent = Some(sums);
            }
            if as_of.is_some_and(|as_of| reading.until.is_none_or(|until| until < as_of)) {
                reading.until = None;
            }
        }
        changes
    }

    /// Replaces the numbers of `series` in `range` by those that the clients have.
    pub(crate) fn overlay(&self, series: &mut QuarterSeries, range: TimeRange) {
        let known = self.0.iter().filter(|(quarter, _)| range.contains(quarter.start()));
        for (quarter, reading) in known {
            if let Some(sent) = &reading.sent {
                series.insert(*quarter, sent.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics::Counter;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn hour() -> TimeRange {
        TimeRange::covering(at(0), at(3_600)).unwrap()
    }

    fn clicks(count: u64) -> QuarterSeries {
        let mut sums = Sums::default();
        sums.add_count(Counter::Clicks, None, count);
        [(QuarterHour::containing(at(0)), sums)].into()
    }

    #[test]
    fn a_quarter_hour_is_read_until_its_last_change_is_counted() {
        let mut incomplete = IncompleteQuarters::default();
        incomplete.add(QuarterHour::containing(at(0)), at(10), at(12));
        incomplete.add(QuarterHour::containing(at(0)), at(14), at(14));
        assert!(
            incomplete.changes(&clicks(4), hour(), Some(at(10))).is_empty(),
            "the client has more"
        );
        assert_eq!(incomplete.changes(&clicks(5), hour(), Some(at(13))), clicks(5));
        assert!(incomplete.changes(&clicks(5), hour(), Some(at(14))).is_empty(), "nothing new");
        assert!(incomplete.changes(&clicks(5), hour(), None).is_empty(), "nothing new");
        assert!(!incomplete.is_empty());
        assert_eq!(incomplete.changes(&clicks(6), hour(), Some(at(15))), clicks(6));
        assert!(incomplete.is_empty());
    }

    #[test]
    fn numbers_from_clickhouse_do_not_replace_later_numbers_of_the_feed() {
        let mut incomplete = IncompleteQuarters::default();
        let quarter = QuarterHour::containing(at(0));
        incomplete.add(quarter, at(10), at(12));
        incomplete.remove(quarter);
        assert!(incomplete.changes(&clicks(4), hour(), Some(at(13))).is_empty());
        incomplete.add(quarter, at(14), at(15));
        assert_eq!(incomplete.changes(&clicks(6), hour(), Some(at(16))), clicks(6), "named again");
    }

    #[test]
    fn quarter_hours_that_a_report_read_from_redis_are_complete() {
        for (live_from, complete) in [(Some(at(0)), true), (Some(at(900)), false), (None, false)] {
            let report = LiveReport { series: clicks(1), live_from, as_of: Some(at(9)) };
            let mut incomplete = IncompleteQuarters::default();
            incomplete.merge(&report, hour(), at(10), None);
            assert_eq!(incomplete.is_empty(), complete, "{live_from:?}");
            assert!(incomplete.changes(&clicks(1), hour(), Some(at(11))).is_empty());
            assert!(incomplete.is_empty());
        }
    }

    #[test]
    fn numbers_that_the_clients_have_are_not_sent_again_when_another_one_joins() {
        let quarter = QuarterHour::containing(at(0));
        let report = |count, as_of| LiveReport {
            series: clicks(count),
            live_from: None,
            as_of: Some(at(as_of)),
        };
        let mut incomplete = IncompleteQuarters::default();
        incomplete.merge(&report(3, 9), hour(), at(10), None);
        assert!(incomplete.changes(&clicks(3), hour(), Some(at(11))).is_empty());
        assert!(incomplete.is_empty());

        incomplete.merge(&report(3, 20), hour(), at(21), Some(at(20)));
        assert!(!incomplete.is_empty(), "the client that joins needs what follows");
        assert!(incomplete.changes(&clicks(3), hour(), Some(at(22))).is_empty());
        let mut older = clicks(2);
        incomplete.overlay(&mut older, hour());
        assert_eq!(older, clicks(3), "all clients have the same numbers");

        incomplete.add_for_one(quarter, at(30), at(31));
        let sent = incomplete.changes(&clicks(3), hour(), Some(at(32)));
        assert_eq!(sent, clicks(3), "one client lacks them");
    }
}
