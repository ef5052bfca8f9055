use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use metrics::{QuarterHour, QuarterSeries, Sums, TimeRange};

use super::LiveReport;

/// The quarter hours that a stream reads again, because Redis does not hold all of their numbers.
///
/// ClickHouse counts an event shortly after the feed names its quarter hour. So each quarter hour
/// is read until everything received up to its last change is counted.
#[derive(Debug, Default)]
pub(crate) struct IncompleteQuarters(BTreeMap<QuarterHour, Reading>);

#[derive(Debug)]
struct Reading {
    /// The numbers that the client has.
    sent: Option<Sums>,
    /// Numbers as of an earlier time may be lower than those that the client has.
    since: DateTime<Utc>,
    /// When the log received the last change.
    until: DateTime<Utc>,
}

impl IncompleteQuarters {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a quarter hour that changed at `log_time`. The numbers that the client has of it
    /// contain nothing received after `since`.
    pub(crate) fn add(
        &mut self,
        quarter: QuarterHour,
        since: DateTime<Utc>,
        log_time: DateTime<Utc>,
    ) {
        let reading = Reading { sent: None, since, until: log_time };
        let reading = self.0.entry(quarter).or_insert(reading);
        reading.until = reading.until.max(log_time);
    }

    /// Removes a quarter hour whose numbers the feed contained. It will contain every later change
    /// too, and numbers read from ClickHouse may be lower by then.
    pub(crate) fn remove(&mut self, quarter: QuarterHour) {
        self.0.remove(&quarter);
    }

    /// Replaces all by the quarter hours of a report, requested at `now`, that are not from Redis:
    /// the last events may be missing in them.
    pub(crate) fn replace(&mut self, report: &LiveReport, now: DateTime<Utc>) {
        let is_incomplete =
            |quarter: &QuarterHour| report.live_from.is_none_or(|from| quarter.start() < from);
        let incomplete = report.series.iter().filter(|(quarter, _)| is_incomplete(quarter));
        let reading = |sums: &Sums| Reading {
            sent: Some(sums.clone()),
            since: report.as_of.unwrap_or_default(),
            until: now,
        };
        self.0 = incomplete.map(|(quarter, sums)| (*quarter, reading(sums))).collect();
    }

    /// Returns the range to read.
    pub(crate) fn range(&self) -> Option<TimeRange> {
        let (first, _) = self.0.first_key_value()?;
        let (last, _) = self.0.last_key_value()?;
        TimeRange::covering(first.start(), last.end()).ok()
    }

    /// Returns the numbers of a report that the client does not have, and removes the quarter hours
    /// that are complete at `as_of`. While `as_of` is unknown, all numbers count and no quarter hour
    /// is complete.
    pub(crate) fn changes(
        &mut self,
        mut series: QuarterSeries,
        as_of: Option<DateTime<Utc>>,
    ) -> QuarterSeries {
        let mut changes = QuarterSeries::new();
        let is_newer = |reading: &Reading| as_of.is_none_or(|as_of| reading.since < as_of);
        for (quarter, reading) in self.0.iter_mut().filter(|(_, reading)| is_newer(reading)) {
            let sums = series.remove(quarter).unwrap_or_default();
            if reading.sent.as_ref() != Some(&sums) {
                changes.insert(*quarter, sums.clone());
                reading.sent = Some(sums);
            }
        }
        let end = |reading: &Reading| reading.until.max(reading.since);
        self.0.retain(|_, reading| as_of.is_none_or(|as_of| as_of <= end(reading)));
        changes
    }
}

#[cfg(test)]
mod tests {
    use metrics::Counter;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
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
        assert!(incomplete.changes(clicks(4), Some(at(10))).is_empty(), "the client has more");
        assert_eq!(incomplete.changes(clicks(5), Some(at(13))), clicks(5));
        assert!(incomplete.changes(clicks(5), Some(at(14))).is_empty(), "nothing new");
        assert!(incomplete.changes(clicks(5), None).is_empty(), "nothing new");
        assert!(!incomplete.is_empty());
        assert_eq!(incomplete.changes(clicks(6), Some(at(15))), clicks(6));
        assert!(incomplete.is_empty());
    }

    #[test]
    fn numbers_from_clickhouse_do_not_replace_later_numbers_of_the_feed() {
        let mut incomplete = IncompleteQuarters::default();
        let quarter = QuarterHour::containing(at(0));
        incomplete.add(quarter, at(10), at(12));
        incomplete.remove(quarter);
        assert!(incomplete.changes(clicks(4), Some(at(13))).is_empty());
        incomplete.add(quarter, at(14), at(15));
        assert_eq!(incomplete.changes(clicks(6), Some(at(16))), clicks(6), "named again");
    }

    #[test]
    fn quarter_hours_that_a_report_read_from_redis_are_complete() {
        for (live_from, complete) in [(Some(at(0)), true), (Some(at(900)), false), (None, false)] {
            let report = LiveReport { series: clicks(1), live_from, as_of: Some(at(9)) };
            let mut incomplete = IncompleteQuarters::default();
            incomplete.replace(&report, at(10));
            assert_eq!(incomplete.is_empty(), complete, "{live_from:?}");
            assert!(incomplete.changes(clicks(1), Some(at(11))).is_empty());
            assert!(incomplete.is_empty());
        }
    }
}
