use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::{Sent, TENANTS, Verdict};

const QUARTER: i64 = 900;
/// Millionths of a unit of money.
const MILLIONTHS: i64 = 1_000_000;

/// Counts and sums of events, computed only from the sent events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// By metric.
    pub counts: BTreeMap<&'static str, i64>,
    /// By currency: the counts in it, and `spend` and `sales` in millionths. An event without a
    /// currency counts in the tenant's own.
    pub by_currency: BTreeMap<String, BTreeMap<&'static str, i64>>,
    /// The visitors.
    pub visitors: BTreeSet<String>,
}

/// The counts of each quarter hour of each tenant's campaigns.
#[derive(Clone, Debug, Default)]
pub struct Recount(BTreeMap<(String, String, DateTime<Utc>), Counted>);

impl Recount {
    /// Adds events whose times were moved by `shift`.
    pub fn add(&mut self, events: &[Sent], shift: TimeDelta) {
        for sent in events.iter().filter(|sent| sent.verdict == Verdict::Counts) {
            let event = sent.event();
            let Some(campaign) = event["campaign_id"].as_str() else { continue };
            let time: DateTime<Utc> = text(&event, "event_time").parse().expect("a time");
            let seconds = (time + shift).timestamp().div_euclid(QUARTER) * QUARTER;
            let quarter = DateTime::from_timestamp(seconds, 0).expect("a time");
            let of = (sent.tenant.clone(), campaign.to_owned(), quarter);
            self.0.entry(of).or_default().add(&event, home(&sent.tenant));
        }
    }

    /// Returns the quarter hours of a campaign in a range.
    pub fn quarters(
        &self,
        tenant: &str,
        campaign: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> BTreeMap<DateTime<Utc>, Counted> {
        let key = |at| (tenant.to_owned(), campaign.to_owned(), at);
        let within = self.0.range(key(from)..key(to));
        within.map(|((_, _, quarter), counted)| (*quarter, counted.clone())).collect()
    }

    /// Returns the total of a campaign in a range.
    pub fn total(
        &self,
        tenant: &str,
        campaign: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Counted {
        let mut total = Counted::default();
        for counted in self.quarters(tenant, campaign, from, to).into_values() {
            total.merge(counted);
        }
        total
    }
}

impl Counted {
    fn add(&mut self, event: &Value, home: &str) {
        self.visitors.extend(event["visitor_id"].as_str().map(str::to_owned));
        let currency = event["currency"].as_str().unwrap_or(home).to_owned();
        let metric = match text(event, "type") {
            "ad_impression" => "impressions",
            "ad_viewable" => "viewable_impressions",
            "ad_click" => "clicks",
            "product_view" => "product_views",
            "add_to_cart" => "add_to_carts",
            "purchase" => "orders",
            _ => return,
        };
        let spend = event["cost"].as_str().map_or(0, millionths);
        let mut numbers = vec![(metric, 1)];
        let mut sales = 0;
        if metric == "orders" {
            let items = event["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            let quantity = |item: &Value| item["quantity"].as_i64().unwrap_or(1);
            let line = |item: &Value| millionths(text(item, "price")) * quantity(item);
            numbers.push(("units_sold", items.iter().map(quantity).sum()));
            let revenue = event["revenue"].as_str().map(millionths);
            sales = revenue.unwrap_or_else(|| items.iter().map(line).sum());
        }
        let own = self.by_currency.entry(currency).or_default();
        for (metric, number) in numbers {
            *self.counts.entry(metric).or_default() += number;
            *own.entry(metric).or_default() += number;
        }
        for (metric, amount) in [("spend", spend), ("sales", sales)] {
            *own.entry(metric).or_default() += amount;
        }
    }

    fn merge(&mut self, other: Self) {
        for (metric, number) in other.counts {
            *self.counts.entry(metric).or_default() += number;
        }
        for (currency, numbers) in other.by_currency {
            let own = self.by_currency.entry(currency).or_default();
            for (metric, number) in numbers {
                *own.entry(metric).or_default() += number;
            }
        }
        self.visitors.extend(other.visitors);
    }

    /// Returns a number of events or pieces.
    pub fn count(&self, metric: &str) -> i64 {
        self.counts.get(metric).copied().unwrap_or_default()
    }

    /// Returns the currencies with spend or sales.
    pub fn currencies(&self) -> Vec<&str> {
        let money = |numbers: &BTreeMap<_, i64>| {
            ["spend", "sales"].iter().any(|sum| numbers.get(sum).is_some_and(|sum| *sum != 0))
        };
        let with_money = self.by_currency.iter().filter(|(_, numbers)| money(numbers));
        with_money.map(|(currency, _)| currency.as_str()).collect()
    }

    /// Returns a metric in a currency; `None` if its denominator is zero.
    pub fn money(&self, metric: &str, currency: &str) -> Option<f64> {
        let number = |name: &str| {
            let numbers = self.by_currency.get(currency);
            numbers.and_then(|numbers| numbers.get(name)).copied().unwrap_or_default() as f64
        };
        let amount = |name: &str| number(name) / MILLIONTHS as f64;
        let per = |above: f64, below: f64| (below != 0.0).then(|| above / below);
        match metric {
            "spend" | "sales" => Some(amount(metric)),
            "cpc" => per(amount("spend"), number("clicks")),
            "cpm" => per(1_000.0 * amount("spend"), number("impressions")),
            "cpo" => per(amount("spend"), number("orders")),
            "aov" => per(amount("sales"), number("orders")),
            "roas" => per(amount("sales"), amount("spend")),
            "acos" => per(amount("spend"), amount("sales")),
            _ => panic!("{metric} is not counted here"),
        }
    }
}

fn home(tenant: &str) -> &'static str {
    let tenant = TENANTS.iter().find(|known| known.id == tenant);
    tenant.expect("a tenant of the fixture").currency
}

fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().expect("a text")
}

/// Parses a decimal number with at most six places.
fn millionths(text: &str) -> i64 {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = whole.parse().expect("digits");
    whole * MILLIONTHS + format!("{places:0<6}").parse::<i64>().expect("digits")
}
