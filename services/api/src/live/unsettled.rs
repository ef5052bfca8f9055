use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use metrics::{QuarterHour, QuarterSeries, Sums, TimeRange};

use super::LiveReport;

/// The quarter hours that a stream has to read again, because Redis does not hold them completely.
///
/// Where their numbers are, an event is counted a moment later than the feed tells of it. So each
/// is read until everything received up to its last change is counted.
#[derive(Debug, Default)]
pub(crate) struct Unsettled(BTreeMap<QuarterHour, Reading>);

#[derive(Debug)]
struct Reading {
    /// What the client knows already.
    told: Option<Sums>,
    /// Numbers as of an earlier moment may be less than what the client knows.
    since: DateTime<Utc>,
    /// When the last change came into the log.
    until: DateTime<Utc>,
}

impl Unsettled {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The feed named a quarter hour that changed at `log_time`. Nothing of what the client knows
    /// of it was received after `since`.
    pub(crate) fn named(
        &mut self,
        quarter: QuarterHour,
        since: DateTime<Utc>,
        log_time: DateTime<Utc>,
    ) {
        let reading = Reading { told: None, since, until: log_time };
        let reading = self.0.entry(quarter).or_insert(reading);
        reading.until = reading.until.max(log_time);
    }

    /// The feed told the numbers of a quarter hour, and will tell every later change: what is read
    /// from elsewhere may be less by now.
    pub(crate) fn told(&mut self, quarter: QuarterHour) {
        self.0.remove(&quarter);
    }

    /// Begins anew with a report asked for at `now`: what lies before Redis may lack a moment.
    pub(crate) fn begin(&mut self, report: &LiveReport, now: DateTime<Utc>) {
        let is_elsewhere =
            |quarter: &QuarterHour| report.live_from.is_none_or(|from| quarter.start() < from);
        let elsewhere = report.series.iter().filter(|(quarter, _)| is_elsewhere(quarter));
        let reading = |sums: &Sums| Reading {
            told: Some(sums.clone()),
            since: report.as_of.unwrap_or_default(),
            until: now,
        };
        self.0 = elsewhere.map(|(quarter, sums)| (*quarter, reading(sums))).collect();
    }

    /// What to read.
    pub(crate) fn range(&self) -> Option<TimeRange> {
        let (first, _) = self.0.first_key_value()?;
        let (last, _) = self.0.last_key_value()?;
        TimeRange::covering(first.start(), last.end()).ok()
    }

    /// What a report as of `as_of` tells that the client does not know. While that is not known,
    /// nothing is settled, and everything told.
    pub(crate) fn news(
        &mut self,
        mut series: QuarterSeries,
        as_of: Option<DateTime<Utc>>,
    ) -> QuarterSeries {
        let mut news = QuarterSeries::new();
        let may_be_told = |reading: &Reading| as_of.is_none_or(|as_of| reading.since < as_of);
        for (quarter, reading) in self.0.iter_mut().filter(|(_, reading)| may_be_told(reading)) {
            let sums = series.remove(quarter).unwrap_or_default();
            if reading.told.as_ref() != Some(&sums) {
                news.insert(*quarter, sums.clone());
                reading.told = Some(sums);
            }
        }
        let end = |reading: &Reading| reading.until.max(reading.since);
        self.0.retain(|_, reading| as_of.is_none_or(|as_of| as_of <= end(reading)));
        news
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
        let mut unsettled = Unsettled::default();
        unsettled.named(QuarterHour::containing(at(0)), at(10), at(12));
        unsettled.named(QuarterHour::containing(at(0)), at(14), at(14));
        assert!(unsettled.news(clicks(4), Some(at(10))).is_empty(), "less than the client knows");
        assert_eq!(unsettled.news(clicks(5), Some(at(13))), clicks(5));
        assert!(unsettled.news(clicks(5), Some(at(14))).is_empty(), "nothing new");
        assert!(unsettled.news(clicks(5), None).is_empty(), "nothing new");
        assert!(!unsettled.is_empty());
        assert_eq!(unsettled.news(clicks(6), Some(at(15))), clicks(6));
        assert!(unsettled.is_empty());
    }

    #[test]
    fn numbers_from_elsewhere_do_not_replace_what_the_feed_told_since() {
        let mut unsettled = Unsettled::default();
        let quarter = QuarterHour::containing(at(0));
        unsettled.named(quarter, at(10), at(12));
        unsettled.told(quarter);
        assert!(unsettled.news(clicks(4), Some(at(13))).is_empty());
        unsettled.named(quarter, at(14), at(15));
        assert_eq!(unsettled.news(clicks(6), Some(at(16))), clicks(6), "named again since");
    }

    #[test]
    fn what_a_report_took_from_redis_is_settled() {
        for (live_from, settled) in [(Some(at(0)), true), (Some(at(900)), false), (None, false)] {
            let report = LiveReport { series: clicks(1), live_from, as_of: Some(at(9)) };
            let mut unsettled = Unsettled::default();
            unsettled.begin(&report, at(10));
            assert_eq!(unsettled.is_empty(), settled, "{live_from:?}");
            assert!(unsettled.news(clicks(1), Some(at(11))).is_empty());
            assert!(unsettled.is_empty());
        }
    }
}
