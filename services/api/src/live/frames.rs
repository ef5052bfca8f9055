use std::{fmt::Display, time::Duration};

use actix_web::web::Bytes;
use chrono::{DateTime, Utc};
use metrics::{Additivity, Metric, QuarterHour, QuarterSeries, Sums};
use money::Currency;
use serde::Serialize;
use tenancy::CampaignId;

use crate::reports::{Values, currencies_of};

/// How long a client waits before it connects again.
const RECONNECT: Duration = Duration::from_secs(2);

/// A comment, so that proxies and clients see that the stream lives.
pub(crate) const HEARTBEAT: Bytes = Bytes::from_static(b": heartbeat\n\n");
/// What was sent so far may lack something: a snapshot follows.
pub(crate) const RESET: &str = "event: reset\ndata: {}\n\n";
/// The credential has run out: connect again with a new one.
pub(crate) const EXPIRED: Bytes =
    Bytes::from_static(b"event: end\ndata: {\"reason\":\"token_expired\"}\n\n");
/// The credential may not see this any more.
pub(crate) const REVOKED: Bytes =
    Bytes::from_static(b"event: end\ndata: {\"reason\":\"revoked\"}\n\n");

/// Where a stream begins.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot<'a> {
    pub(crate) campaign_id: &'a CampaignId,
    /// The tenant's zone, in which today began.
    pub(crate) tz: &'static str,
    pub(crate) as_of: Option<DateTime<Utc>>,
    pub(crate) currency: Option<Currency>,
    pub(crate) today: Today,
    pub(crate) buckets: Vec<Bucket>,
}

/// Today's totals: the sums of the buckets from `from` on, and the ratios that come from them.
#[derive(Debug, Serialize)]
pub(crate) struct Today {
    pub(crate) from: DateTime<Utc>,
    #[serde(flatten)]
    pub(crate) values: Values,
}

/// What changed.
#[derive(Debug, Serialize)]
pub(crate) struct Update<'a> {
    pub(crate) campaign_id: &'a CampaignId,
    pub(crate) as_of: Option<DateTime<Utc>>,
    pub(crate) currency: Option<Currency>,
    pub(crate) buckets: Vec<Bucket>,
}

/// A quarter hour with all its sums: it replaces what was said of it before.
#[derive(Debug, Serialize)]
pub(crate) struct Bucket {
    start: DateTime<Utc>,
    #[serde(flatten)]
    values: Values,
}

/// The currencies of one frame: those there is money in, or the tenant's own.
pub(crate) struct Currencies(Vec<Currency>);

impl Currencies {
    pub(crate) fn of(series: &QuarterSeries, home: Currency) -> Self {
        let mut all = Sums::default();
        series.values().for_each(|sums| all.merge(sums));
        Self(currencies_of(&all, home))
    }

    /// The only one; none when there are several, which are kept apart then.
    pub(crate) fn only(&self) -> Option<Currency> {
        match *self.0 {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The buckets of a series, with the metrics that add up.
    pub(crate) fn buckets(&self, series: &QuarterSeries) -> Vec<Bucket> {
        let metrics = metrics_that(|additivity| additivity == Additivity::Sum);
        let bucket = |(quarter, sums): (&QuarterHour, &Sums)| Bucket {
            start: quarter.start(),
            values: Values::new(&metrics, sums, 0, &self.0),
        };
        series.iter().map(bucket).collect()
    }

    /// Every metric that sums tell.
    pub(crate) fn totals(&self, sums: &Sums) -> Values {
        let metrics = metrics_that(|additivity| additivity != Additivity::Distinct);
        Values::new(&metrics, sums, 0, &self.0)
    }
}

fn metrics_that(wanted: impl Fn(Additivity) -> bool) -> Vec<Metric> {
    let all = Metric::ALL.into_iter();
    all.filter(|metric| wanted(metric.additivity())).collect()
}

/// One event of a stream. JSON holds no line breaks, so it is one line of data.
///
/// Without an id a client that connects again resumes from the last one it saw.
pub(crate) fn event(name: &str, id: Option<impl Display>, data: &impl Serialize) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("{id}event: {name}\ndata: {data}\n\n")
}

/// What a stream begins with: when to connect again.
pub(crate) fn beginning() -> String {
    format!("retry: {}\n\n", RECONNECT.as_millis())
}

#[cfg(test)]
mod tests {
    use aggregates::StreamId;
    use metrics::{Counter, MoneySum};
    use money::Amount;
    use serde_json::json;

    use super::*;

    fn quarter_with(money: &[(&str, i64)]) -> QuarterSeries {
        let mut sums = Sums::default();
        sums.add_count(Counter::Impressions, 200);
        sums.add_count(Counter::Clicks, 5);
        for (currency, euros) in money {
            let amount = Amount::from_micros(euros * 1_000_000);
            sums.add_money(MoneySum::Spend, currency.parse().unwrap(), amount);
        }
        [(QuarterHour::containing(DateTime::UNIX_EPOCH), sums)].into()
    }

    #[test]
    fn a_bucket_holds_sums_and_a_total_ratios_too() {
        let series = quarter_with(&[("EUR", 2)]);
        let currencies = Currencies::of(&series, "INR".parse().unwrap());
        let bucket = serde_json::to_value(&currencies.buckets(&series)[0]).unwrap();
        assert_eq!(bucket["start"], "1970-01-01T00:00:00Z");
        assert_eq!((&bucket["impressions"], &bucket["spend"]), (&json!(200), &json!("2.00")));
        assert_eq!(bucket.get("ctr"), None);
        let total = currencies.totals(series.values().next().unwrap());
        let total = serde_json::to_value(total).unwrap();
        assert_eq!((&total["ctr"], &total["cpc"]), (&json!(0.025), &json!("0.40")));
        assert!(total["cpo"].is_null());
        assert_eq!(total.get("visitors"), None);
    }

    #[test]
    fn several_currencies_are_kept_apart() {
        let series = quarter_with(&[("EUR", 2), ("USD", 3)]);
        let currencies = Currencies::of(&series, "INR".parse().unwrap());
        assert_eq!(currencies.only(), None);
        let bucket = serde_json::to_value(&currencies.buckets(&series)[0]).unwrap();
        assert!(bucket["spend"].is_null());
        assert_eq!(bucket["by_currency"]["USD"]["spend"], "3.00");
    }

    #[test]
    fn an_event_is_one_line_of_data() {
        let text = event("update", Some(StreamId::START), &"two\nlines");
        assert_eq!(text, "id: 0-0\nevent: update\ndata: \"two\\nlines\"\n\n");
        assert_eq!(event("update", None::<StreamId>, &1), "event: update\ndata: 1\n\n");
    }
}
