use std::{fmt::Display, time::Duration};

use actix_web::web::Bytes;
use chrono::{DateTime, Utc};
use metrics::{Additivity, Metric, QuarterHour, QuarterSeries, Sums};
use money::Currency;
use serde::Serialize;
use tenancy::CampaignId;

use crate::reports::{Currencies, Values};

/// How long a client waits before it reconnects.
const RECONNECT: Duration = Duration::from_secs(2);

/// A comment, so that proxies and clients see that the stream is open.
pub(crate) const HEARTBEAT: Bytes = Bytes::from_static(b": heartbeat\n\n");
/// Earlier frames may lack changes: a snapshot follows.
pub(crate) const RESET: &str = "event: reset\ndata: {}\n\n";
/// The credential has expired: connect again with a new one.
pub(crate) const EXPIRED: Bytes =
    Bytes::from_static(b"event: end\ndata: {\"reason\":\"token_expired\"}\n\n");
/// The credential may no longer see the campaign.
pub(crate) const REVOKED: Bytes =
    Bytes::from_static(b"event: end\ndata: {\"reason\":\"revoked\"}\n\n");

/// The whole state, with which a stream begins.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot<'a> {
    pub(crate) campaign_id: &'a CampaignId,
    /// The tenant's time zone, in which today began.
    pub(crate) tz: &'static str,
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// The currency of the amounts: the tenant's own.
    pub(crate) currency: Currency,
    /// Other currencies of the events: only `by_currency` contains their amounts.
    pub(crate) other_currencies: Vec<Currency>,
    pub(crate) today: Today,
    pub(crate) buckets: Vec<Bucket>,
}

/// Today's totals: the sums of the buckets from `from` on, and their ratios.
#[derive(Debug, Serialize)]
pub(crate) struct Today {
    pub(crate) from: DateTime<Utc>,
    #[serde(flatten)]
    pub(crate) values: Values,
}

/// The quarter hours that changed.
#[derive(Debug, Serialize)]
pub(crate) struct Update<'a> {
    pub(crate) campaign_id: &'a CampaignId,
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// The currency of the amounts: the tenant's own.
    pub(crate) currency: Currency,
    /// Other currencies of the events: only `by_currency` contains their amounts.
    pub(crate) other_currencies: Vec<Currency>,
    pub(crate) buckets: Vec<Bucket>,
}

/// A quarter hour with all its sums, which replace those of earlier frames.
#[derive(Debug, Serialize)]
pub(crate) struct Bucket {
    start: DateTime<Utc>,
    #[serde(flatten)]
    values: Values,
}

/// Returns the currencies of one frame.
pub(crate) fn currencies(series: &QuarterSeries, own: Currency) -> Currencies {
    let mut all = Sums::default();
    series.values().for_each(|sums| all.merge(sums));
    Currencies::of(&all, own)
}

/// Returns the buckets of a series, with the additive metrics.
pub(crate) fn buckets(series: &QuarterSeries, currencies: &Currencies) -> Vec<Bucket> {
    let metrics = metrics_that(|additivity| additivity == Additivity::Sum);
    let bucket = |(quarter, sums): (&QuarterHour, &Sums)| Bucket {
        start: quarter.start(),
        values: Values::new(&metrics, sums, 0, currencies),
    };
    series.iter().map(bucket).collect()
}

/// Returns every metric that can be computed from sums.
pub(crate) fn totals(sums: &Sums, currencies: &Currencies) -> Values {
    let metrics = metrics_that(|additivity| additivity != Additivity::Distinct);
    Values::new(&metrics, sums, 0, currencies)
}

fn metrics_that(wanted: impl Fn(Additivity) -> bool) -> Vec<Metric> {
    let all = Metric::ALL.into_iter();
    all.filter(|metric| wanted(metric.additivity())).collect()
}

/// Renders one event of a stream. JSON contains no line breaks, so it is one line of data.
///
/// Without an id, a client that reconnects resumes from the last id that it received.
pub(crate) fn event(name: &str, id: Option<impl Display>, data: &impl Serialize) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("{id}event: {name}\ndata: {data}\n\n")
}

/// Renders the first line of a stream: when to reconnect.
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

    fn quarter_with(spend: &[(&str, i64)]) -> QuarterSeries {
        let mut sums = Sums::default();
        sums.add_count(Counter::Impressions, None, 200);
        for (currency, units) in spend {
            let currency = currency.parse().unwrap();
            sums.add_count(Counter::Clicks, Some(currency), 5);
            sums.add_money(MoneySum::Spend, currency, Amount::from_micros(units * 1_000_000));
        }
        [(QuarterHour::containing(DateTime::UNIX_EPOCH), sums)].into()
    }

    fn eur() -> Currency {
        "EUR".parse().unwrap()
    }

    #[test]
    fn a_bucket_has_sums_and_a_total_also_has_ratios() {
        let series = quarter_with(&[("EUR", 2)]);
        let currencies = currencies(&series, eur());
        let bucket = serde_json::to_value(&buckets(&series, &currencies)[0]).unwrap();
        assert_eq!(bucket["start"], "1970-01-01T00:00:00Z");
        assert_eq!((&bucket["impressions"], &bucket["spend"]), (&json!(200), &json!("2.00")));
        assert_eq!(bucket.get("ctr"), None);
        assert_eq!(bucket.get("by_currency"), None);
        let total = totals(series.values().next().unwrap(), &currencies);
        let total = serde_json::to_value(total).unwrap();
        assert_eq!((&total["ctr"], &total["cpc"]), (&json!(0.025), &json!("0.40")));
        assert!(total["cpo"].is_null());
        assert_eq!(total.get("visitors"), None);
    }

    #[test]
    fn several_currencies_are_not_added_up() {
        let series = quarter_with(&[("EUR", 2), ("USD", 3)]);
        let currencies = currencies(&series, eur());
        assert_eq!(currencies.others, ["USD".parse().unwrap()]);
        let total = totals(series.values().next().unwrap(), &currencies);
        let total = serde_json::to_value(total).unwrap();
        assert_eq!((&total["spend"], &total["cpc"]), (&json!("2.00"), &json!("0.40")));
        let usd = &total["by_currency"]["USD"];
        assert_eq!((&usd["spend"], &usd["cpc"]), (&json!("3.00"), &json!("0.60")));
    }

    #[test]
    fn an_event_is_one_line_of_data() {
        let text = event("update", Some(StreamId::START), &"two\nlines");
        assert_eq!(text, "id: 0-0\nevent: update\ndata: \"two\\nlines\"\n\n");
        assert_eq!(event("update", None::<StreamId>, &1), "event: update\ndata: 1\n\n");
    }
}
