use chrono::{DateTime, TimeDelta, Utc};
use money::Currency;
use serde::Serialize;
use tenancy::CampaignId;
use utoipa::ToSchema;

use crate::reports::{MetricsRequest, Values, currencies_of, numbers::Numbers};

/// How long after a moment events of it may still come in, history imports aside.
const LATE_EVENTS: TimeDelta = TimeDelta::days(30);

/// A campaign's metrics. Times are UTC; money is a decimal string; what has a zero denominator is
/// `null`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MetricsAnswer {
    /// The campaign.
    #[schema(value_type = String, example = "random-men")]
    campaign_id: CampaignId,
    /// The first moment that counts.
    from: DateTime<Utc>,
    /// The first moment that no longer counts.
    to: DateTime<Utc>,
    /// The zone whose clock the buckets follow.
    #[schema(example = "Asia/Kolkata")]
    tz: &'static str,
    /// How long the buckets are.
    #[schema(example = "hour")]
    granularity: &'static str,
    /// Everything received before this moment is counted; `null` while that is not known.
    as_of: Option<DateTime<Utc>>,
    /// From this moment on only imports of history can change the numbers.
    final_after: DateTime<Utc>,
    /// How events are attributed: `declared`, to the campaign they name.
    #[schema(example = "declared")]
    attribution: &'static str,
    /// The currency of the amounts; `null` when there are several, then see `by_currency`.
    #[schema(value_type = Option<String>, example = "EUR")]
    currency: Option<Currency>,
    /// The whole range, one field for each metric. Where amounts are in several currencies, they
    /// are `null` here, and `by_currency` has them.
    totals: Values,
    /// The buckets, empty ones included.
    series: Vec<Bucket>,
}

/// One bucket: its start, and one field for each metric.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Bucket {
    /// Its first moment.
    start: DateTime<Utc>,
    #[serde(flatten)]
    values: Values,
}

impl MetricsAnswer {
    /// `home` is the currency of a campaign without any money.
    pub(crate) fn new(
        campaign_id: CampaignId,
        request: &MetricsRequest,
        numbers: &Numbers,
        home: Currency,
    ) -> Self {
        let currencies = currencies_of(&numbers.total, home);
        let values = |sums, visitors| Values::new(&request.metrics, sums, visitors, &currencies);
        let buckets = numbers.starts.iter().zip(&numbers.buckets);
        Self {
            campaign_id,
            from: request.range.from(),
            to: request.range.to(),
            tz: request.zone.name(),
            granularity: request.granularity.as_str(),
            as_of: numbers.as_of,
            final_after: request.range.to() + LATE_EVENTS,
            attribution: "declared",
            currency: match currencies.as_slice() {
                [one] => Some(*one),
                _ => None,
            },
            totals: values(&numbers.total, numbers.visitors.total),
            series: buckets
                .map(|(start, sums)| Bucket {
                    start: *start,
                    values: values(sums, numbers.visitors_from(start)),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics::{Counter, Granularity, Metric, MoneySum, Sums, TimeRange};
    use serde_json::{Value as Json, json};
    use warehouse::Visitors;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn answer(money: &[(&str, &str)], metrics: &[Metric]) -> Json {
        let (from, to) = (at("2019-11-24T00:00:00Z"), at("2019-11-24T02:00:00Z"));
        let request = MetricsRequest {
            range: TimeRange::covering(from, to).unwrap(),
            granularity: Granularity::Hour,
            zone: chrono_tz::Asia::Kolkata,
            metrics: metrics.to_vec(),
        };
        let mut sums = Sums::default();
        sums.add_count(Counter::Impressions, 1000);
        sums.add_count(Counter::Clicks, 4);
        for (currency, spend) in money {
            sums.add_money(MoneySum::Spend, currency.parse().unwrap(), spend.parse().unwrap());
        }
        let starts = request.granularity.starts(request.range, chrono_tz::UTC);
        let numbers = Numbers::new(starts, [(from, &sums)], Visitors::default(), Some(to));
        let home = "INR".parse().unwrap();
        let answer = MetricsAnswer::new("spring".parse().unwrap(), &request, &numbers, home);
        serde_json::to_value(answer).unwrap()
    }

    #[test]
    fn amounts_of_one_currency_stand_beside_the_counts() {
        let metrics = [Metric::Impressions, Metric::Spend, Metric::Cpc, Metric::Cpo];
        let answer = answer(&[("EUR", "12.5")], &metrics);
        assert_eq!(answer["currency"], "EUR");
        let totals = json!({"impressions": 1000, "spend": "12.50", "cpc": "3.125", "cpo": null});
        assert_eq!(answer["totals"], totals);
        let empty = json!({
            "start": "2019-11-24T01:00:00Z",
            "impressions": 0, "spend": "0.00", "cpc": null, "cpo": null,
        });
        assert_eq!(answer["series"][1], empty);
        assert_eq!(answer["tz"], "Asia/Kolkata");
        assert_eq!(answer["final_after"], "2019-12-24T02:00:00Z");
    }

    #[test]
    fn amounts_of_several_currencies_are_kept_apart() {
        let metrics = [Metric::Ctr, Metric::Spend, Metric::Cpc];
        let answer = answer(&[("EUR", "12.5"), ("USD", "2"), ("GBP", "0")], &metrics);
        assert_eq!(answer["currency"], Json::Null);
        let totals = json!({
            "ctr": 0.004, "spend": null, "cpc": null,
            "by_currency": {
                "EUR": {"spend": "12.50", "cpc": "3.125"},
                "USD": {"spend": "2.00", "cpc": "0.50"},
            },
        });
        assert_eq!(answer["totals"], totals);
    }

    #[test]
    fn without_money_the_tenants_currency_is_named() {
        let answer = answer(&[], &[Metric::Spend]);
        assert_eq!(
            (&answer["currency"], &answer["totals"]["spend"]),
            (&json!("INR"), &json!("0.00"))
        );
    }
}
