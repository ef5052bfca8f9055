use chrono::{DateTime, TimeDelta, Utc};
use money::Currency;
use serde::Serialize;
use tenancy::CampaignId;
use utoipa::ToSchema;

use crate::reports::{Currencies, MetricsRequest, Values, numbers::Numbers};

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
    /// From this moment on only imports of history and replays of rejects can change the numbers.
    final_after: DateTime<Utc>,
    /// How events are attributed: `declared`, to the campaign they name.
    #[schema(example = "declared")]
    attribution: &'static str,
    /// The currency of the amounts: the tenant's own. Events without a currency count under it.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// Other currencies that events of the range are in, in order. Their amounts, and the ratios
    /// of them, stand in `by_currency` alone: nothing is converted and nothing added up.
    #[schema(value_type = Vec<String>, example = json!(["USD"]))]
    other_currencies: Vec<Currency>,
    /// The whole range, one field for each metric; `by_currency` where there are several.
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
    /// `own` is the tenant's currency.
    pub(crate) fn new(
        campaign_id: CampaignId,
        request: &MetricsRequest,
        numbers: &Numbers,
        own: Currency,
    ) -> Self {
        let currencies = Currencies::of(&numbers.total, own);
        let values = |sums, visitors| Values::new(&request.metrics, sums, visitors, &currencies);
        let buckets = numbers.buckets.starts().iter().zip(&numbers.sums);
        Self {
            campaign_id,
            from: request.range.from(),
            to: request.range.to(),
            tz: request.zone.name(),
            granularity: request.granularity.as_str(),
            as_of: numbers.as_of,
            final_after: request.range.to() + LATE_EVENTS,
            attribution: "declared",
            currency: own,
            totals: values(&numbers.total, numbers.visitors.total),
            series: buckets
                .map(|(start, sums)| Bucket {
                    start: *start,
                    values: values(sums, numbers.visitors_from(start)),
                })
                .collect(),
            other_currencies: currencies.others,
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

    /// Of a tenant whose own currency is the euro.
    fn answer(metrics: &[Metric], add: impl Fn(&mut Sums)) -> Json {
        let (from, to) = (at("2019-11-24T00:00:00Z"), at("2019-11-24T02:00:00Z"));
        let request = MetricsRequest {
            range: TimeRange::covering(from, to).unwrap(),
            granularity: Granularity::Hour,
            zone: chrono_tz::Asia::Kolkata,
            metrics: metrics.to_vec(),
        };
        let mut sums = Sums::default();
        add(&mut sums);
        let buckets = request.granularity.buckets(request.range, chrono_tz::UTC);
        let numbers = Numbers::new(buckets, [(from, &sums)], Visitors::default(), Some(to));
        let own = "EUR".parse().unwrap();
        let answer = MetricsAnswer::new("spring".parse().unwrap(), &request, &numbers, own);
        serde_json::to_value(answer).unwrap()
    }

    fn order(sums: &mut Sums, currency: &str, amount: &str) {
        let currency = currency.parse().unwrap();
        sums.add_count(Counter::Orders, Some(currency), 1);
        sums.add_money(MoneySum::Sales, currency, amount.parse().unwrap());
    }

    #[test]
    fn amounts_of_one_currency_stand_beside_the_counts() {
        let metrics = [Metric::Impressions, Metric::Spend, Metric::Cpc, Metric::Cpo];
        let answer = answer(&metrics, |sums| {
            let eur = "EUR".parse().unwrap();
            sums.add_count(Counter::Impressions, None, 1000);
            sums.add_count(Counter::Clicks, Some(eur), 4);
            sums.add_money(MoneySum::Spend, eur, "12.5".parse().unwrap());
        });
        assert_eq!((&answer["currency"], &answer["other_currencies"]), (&json!("EUR"), &json!([])));
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
        let metrics = [Metric::Orders, Metric::Sales, Metric::Aov];
        let answer = answer(&metrics, |sums| {
            order(sums, "EUR", "100");
            order(sums, "USD", "50");
            order(sums, "USD", "50");
            sums.add_money(MoneySum::Sales, "GBP".parse().unwrap(), "0".parse().unwrap());
        });
        let totals = json!({
            "orders": 3, "sales": "100.00", "aov": "100.00",
            "by_currency": {
                "EUR": {"sales": "100.00", "aov": "100.00"},
                "USD": {"sales": "100.00", "aov": "50.00"},
            },
        });
        assert_eq!(answer["totals"], totals);
        assert_eq!(answer["currency"], "EUR");
        assert_eq!(answer["other_currencies"], json!(["USD"]));
    }

    #[test]
    fn a_stray_event_in_another_currency_leaves_the_tenants_own_amounts_where_they_are() {
        let metrics = [Metric::Sales, Metric::Spend, Metric::Roas, Metric::Cpc];
        let sales = |stray: bool| {
            let answer = answer(&metrics, |sums| {
                let eur = "EUR".parse().unwrap();
                order(sums, "EUR", "100");
                sums.add_count(Counter::Clicks, None, 10);
                sums.add_money(MoneySum::Spend, eur, "20".parse().unwrap());
                if stray {
                    order(sums, "CHF", "7");
                    sums.add_count(Counter::Clicks, Some("CHF".parse().unwrap()), 1);
                }
            });
            ["sales", "spend", "roas", "cpc"].map(|metric| answer["totals"][metric].clone())
        };
        assert_eq!(sales(true), sales(false));
        assert_eq!(
            sales(true),
            ["100.00", "20.00", "5.0", "2.00"].map(|text| match text {
                "5.0" => json!(5.0),
                text => json!(text),
            })
        );
    }

    #[test]
    fn without_money_the_tenants_currency_is_named() {
        let answer = answer(&[Metric::Spend], |_| {});
        assert_eq!(
            (&answer["currency"], &answer["totals"]["spend"]),
            (&json!("EUR"), &json!("0.00"))
        );
    }
}
