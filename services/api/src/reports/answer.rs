use chrono::{DateTime, TimeDelta, Utc};
use money::Currency;
use serde::Serialize;
use tenancy::CampaignId;
use utoipa::ToSchema;
use web::EntityTag;

use crate::reports::{Currencies, MetricsRequest, Values, numbers::Numbers};

/// How long events of a time are still accepted, except by history imports.
pub(crate) const LATE_EVENTS: TimeDelta = TimeDelta::days(30);

/// A campaign's metrics. Times are UTC; money is a decimal string; a ratio with a zero denominator is
/// `null`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MetricsAnswer {
    /// The campaign.
    #[schema(value_type = String, example = "random-men")]
    campaign_id: CampaignId,
    /// The start of the range.
    from: DateTime<Utc>,
    /// The end of the range, excluded.
    to: DateTime<Utc>,
    /// The time zone whose clock the buckets follow.
    #[schema(example = "Asia/Kolkata")]
    tz: &'static str,
    /// The length of the buckets.
    #[schema(example = "hour")]
    granularity: &'static str,
    /// Everything received before this time is counted; `null` while it is unknown.
    as_of: Option<DateTime<Utc>>,
    /// After this time, only history imports and resubmitted rejects can change the numbers.
    final_after: DateTime<Utc>,
    /// Present if events are read from before it: events that were received before this time have been deleted by the
    /// tenant's retention, so the numbers of that part may be too small, and those of new-to-brand too large.
    #[serde(skip_serializing_if = "Option::is_none")]
    retained_from: Option<DateTime<Utc>>,
    /// The attribution of events: `declared`, to the campaign that they name.
    #[schema(example = "declared")]
    attribution: &'static str,
    /// The currency of the amounts: the tenant's own, also for events without a currency.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// Other currencies of events in the range, sorted. Only `by_currency` contains their amounts and
    /// ratios: amounts of different currencies are neither converted nor added up.
    #[schema(value_type = Vec<String>, example = json!(["USD"]))]
    other_currencies: Vec<Currency>,
    /// The whole range, one field per metric; with `by_currency` if there are several currencies.
    totals: Values,
    /// The buckets, including empty ones.
    series: Vec<Bucket>,
}

/// One bucket: its start, and one field per metric.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Bucket {
    /// Its start.
    start: DateTime<Utc>,
    #[serde(flatten)]
    values: Values,
}

impl MetricsAnswer {
    /// Creates the answer; `own` is the tenant's currency.
    pub(crate) fn new(
        campaign_id: CampaignId,
        request: &MetricsRequest,
        numbers: &Numbers,
        own: Currency,
        retained_from: Option<DateTime<Utc>>,
    ) -> Self {
        let currencies = Currencies::of(&numbers.total, own);
        let values = |sums, distincts| Values::new(&request.metrics, sums, distincts, &currencies);
        let buckets = numbers.buckets.starts().iter().zip(&numbers.sums);
        Self {
            campaign_id,
            from: request.range.from(),
            to: request.range.to(),
            tz: request.zone.name(),
            granularity: request.granularity.as_str(),
            as_of: numbers.as_of,
            final_after: request.range.to() + LATE_EVENTS,
            retained_from,
            attribution: "declared",
            currency: own,
            totals: values(&numbers.total, numbers.distincts.total),
            series: buckets
                .map(|(start, sums)| Bucket {
                    start: *start,
                    values: values(sums, numbers.distincts_from(start)),
                })
                .collect(),
            other_currencies: currencies.others,
        }
    }

    /// Returns the JSON, and the tag of its numbers: `as_of` advances all the time, also while
    /// nothing happens.
    ///
    /// # Errors
    /// None is known: keys are strings.
    pub(crate) fn render(mut self) -> serde_json::Result<(Vec<u8>, EntityTag)> {
        let body = serde_json::to_vec(&self)?;
        self.as_of = None;
        let tag = EntityTag::of(&serde_json::to_vec(&self)?);
        Ok((body, tag))
    }
}

#[cfg(test)]
mod tests {
    use metrics::{Counter, Granularity, Metric, MoneySum, Sums, TimeRange};
    use serde_json::{Value as Json, json};
    use warehouse::DistinctSeries;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Returns the answer of a tenant whose own currency is the euro.
    fn answer(metrics: &[Metric], add: impl Fn(&mut Sums)) -> Json {
        let answer = answer_as_of(at("2019-11-24T02:00:00Z"), metrics, add);
        serde_json::to_value(answer).unwrap()
    }

    fn answer_as_of(
        as_of: DateTime<Utc>,
        metrics: &[Metric],
        add: impl Fn(&mut Sums),
    ) -> MetricsAnswer {
        let from = at("2019-11-24T00:00:00Z");
        let to = at("2019-11-24T02:00:00Z");
        let request = MetricsRequest {
            range: TimeRange::covering(from, to).unwrap(),
            granularity: Granularity::Hour,
            zone: chrono_tz::Asia::Kolkata,
            metrics: metrics.to_vec(),
        };
        let mut sums = Sums::default();
        add(&mut sums);
        let buckets = request.granularity.buckets(request.range, chrono_tz::UTC);
        let numbers =
            Numbers::new(buckets, [(from, &sums)], DistinctSeries::default(), Some(as_of));
        let own = "EUR".parse().unwrap();
        MetricsAnswer::new("spring".parse().unwrap(), &request, &numbers, own, None)
    }

    #[test]
    fn the_tag_changes_with_the_numbers_and_not_with_the_time() {
        let rendered = |as_of, clicks| {
            let add = |sums: &mut Sums| sums.add_count(Counter::Clicks, None, clicks);
            answer_as_of(at(as_of), &[Metric::Clicks], add).render().unwrap()
        };
        let (body, tag) = rendered("2019-11-24T02:00:00Z", 1);
        let (later_body, later_tag) = rendered("2019-11-24T02:00:01Z", 1);
        assert_ne!(body, later_body);
        assert_eq!(tag, later_tag);
        assert_ne!(rendered("2019-11-24T02:00:00Z", 2).1, tag);
    }

    fn order(sums: &mut Sums, currency: &str, amount: &str) {
        let currency = currency.parse().unwrap();
        sums.add_count(Counter::Orders, Some(currency), 1);
        sums.add_money(MoneySum::Sales, currency, amount.parse().unwrap());
    }

    #[test]
    fn amounts_of_one_currency_are_beside_the_counts() {
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
    fn amounts_of_several_currencies_are_not_added_up() {
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
    fn an_event_in_another_currency_does_not_change_the_tenants_own_amounts() {
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
