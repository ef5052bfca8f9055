//! The api's answers to what was sent: metrics with their ratios, visitors, products, campaigns.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use money::{Amount, Quantity};
use serde_json::{Map, Value, json};
use testkit::{Platform, Tenant};

use super::{
    meant::{Accepted, HOME, half_even},
    times::floor,
    written::campaigns,
};

/// The counters, each with the type of event that it counts.
const COUNTERS: [(&str, &str); 11] = [
    ("impressions", "ad_impression"),
    ("viewable_impressions", "ad_viewable"),
    ("clicks", "ad_click"),
    ("product_views", "product_view"),
    ("add_to_carts", "add_to_cart"),
    ("orders", "purchase"),
    ("page_views", "page_view"),
    ("product_list_views", "product_list_view"),
    ("cart_removals", "remove_from_cart"),
    ("checkouts", "begin_checkout"),
    ("refunds", "refund"),
];
/// The other metrics that are not in a currency.
const PLAIN: [&str; 12] = [
    "events",
    "units_sold",
    "visitors",
    "customers",
    "ctr",
    "viewable_rate",
    "add_to_cart_rate",
    "conversion_rate",
    "cart_to_detail_rate",
    "buy_to_detail_rate",
    "detail_view_rate",
    "frequency",
];
const IN_A_CURRENCY: [&str; 9] =
    ["spend", "sales", "cpc", "cpm", "cpo", "aov", "roas", "acos", "erpm"];
/// Those that Redis has not: an answer with one of them is from ClickHouse alone.
const NOT_LIVE: [&str; 6] =
    ["page_views", "product_list_views", "cart_removals", "checkouts", "refunds", "events"];

/// Returns the names of all metrics.
fn names() -> Vec<&'static str> {
    COUNTERS.iter().map(|(name, _)| *name).chain(PLAIN).chain(IN_A_CURRENCY).collect()
}

/// The events of a campaign in a stretch of time, added up.
#[derive(Default)]
struct Sums {
    /// By type and currency.
    counts: BTreeMap<(&'static str, String), u64>,
    thousandths: u64,
    /// Millionths, by metric and currency.
    money: BTreeMap<(&'static str, String), i64>,
    visitors: BTreeSet<String>,
    customers: BTreeSet<String>,
    events: u64,
}

impl Sums {
    fn of<'a>(events: impl Iterator<Item = &'a Accepted>) -> Self {
        let mut sums = Self::default();
        for Accepted { meant, .. } in events {
            let currency = meant.texts.get("currency").map_or(HOME, String::as_str);
            if let Some((name, _)) = COUNTERS.iter().find(|(_, kind)| *kind == meant.event_type) {
                *sums.counts.entry((name, currency.to_owned())).or_default() += 1;
            }
            if meant.is_purchase() {
                let units = meant.items.iter().map(|line| line.quantity.thousandths());
                sums.thousandths += units.sum::<u64>();
            }
            for (name, amount) in [("spend", meant.cost), ("sales", Some(meant.sales()))] {
                let micros = amount.unwrap_or_default().micros();
                *sums.money.entry((name, currency.to_owned())).or_default() += micros;
            }
            sums.visitors.extend(meant.texts.get("visitor_id").cloned());
            sums.customers.extend(meant.texts.get("customer_id").cloned());
            sums.events += 1;
        }
        sums
    }

    fn count(&self, name: &str) -> u64 {
        let counts = self.counts.iter().filter(|((known, _), _)| *known == name);
        counts.map(|(_, count)| count).sum()
    }

    /// Returns the currencies, other than the tenant's, of amounts and of what they are divided by.
    fn others(&self) -> BTreeSet<&str> {
        let divides = |name: &str| ["impressions", "clicks", "orders"].contains(&name);
        let counted = self.counts.keys().filter(|(name, _)| divides(name));
        let money = self.money.iter().filter(|(_, micros)| **micros != 0).map(|(key, _)| key);
        let named = counted.chain(money).map(|(_, currency)| currency.as_str());
        named.filter(|currency| *currency != HOME).collect()
    }

    /// Returns the value of a metric by its formula.
    fn value(&self, metric: &str, currency: &str) -> Value {
        let rate = |above: &str, below: &str| ratio(self.count(above), self.count(below));
        let of = |name: &'static str| (name, currency.to_owned());
        let money = |name| self.money.get(&of(name)).copied().unwrap_or_default();
        let per = |name, below, times| match self.counts.get(&of(below)) {
            None => Value::Null,
            Some(count) => json!(half_even(i128::from(money(name)) * times, i128::from(*count))),
        };
        match metric {
            "units_sold" => json!(Quantity::from_thousandths(self.thousandths)),
            "visitors" => json!(self.visitors.len()),
            "customers" => json!(self.customers.len()),
            "events" => json!(self.events),
            "cart_to_detail_rate" => rate("add_to_carts", "product_views"),
            "buy_to_detail_rate" => rate("orders", "product_views"),
            "detail_view_rate" => rate("product_views", "impressions"),
            "frequency" => ratio(self.count("impressions"), self.visitors.len() as u64),
            "erpm" => per("sales", "impressions", 1_000),
            "ctr" => rate("clicks", "impressions"),
            "viewable_rate" => rate("viewable_impressions", "impressions"),
            "add_to_cart_rate" => rate("add_to_carts", "impressions"),
            "conversion_rate" => rate("orders", "clicks"),
            "spend" => json!(Amount::from_micros(money("spend"))),
            "sales" => json!(Amount::from_micros(money("sales"))),
            "cpc" => per("spend", "clicks", 1),
            "cpm" => per("spend", "impressions", 1_000),
            "cpo" => per("spend", "orders", 1),
            "aov" => per("sales", "orders", 1),
            "roas" => ratio(money("sales") as u64, money("spend") as u64),
            "acos" => ratio(money("spend") as u64, money("sales") as u64),
            counter => json!(self.count(counter)),
        }
    }

    /// Returns these metrics; in each currency as well if there are `others`.
    fn answer(&self, names: &[&str], others: &BTreeSet<&str>) -> Map<String, Value> {
        let of = |name: &str, currency: &str| (name.to_owned(), self.value(name, currency));
        let mut answer: Map<_, _> = names.iter().map(|name| of(name, HOME)).collect();
        if !others.is_empty() {
            let currencies = others.iter().copied().chain([HOME]).map(|currency| {
                let values: Map<_, _> =
                    IN_A_CURRENCY.iter().map(|name| of(name, currency)).collect();
                (currency.to_owned(), Value::Object(values))
            });
            answer.insert("by_currency".to_owned(), Value::Object(currencies.collect()));
        }
        answer
    }
}

fn ratio(above: u64, below: u64) -> Value {
    if below == 0 { Value::Null } else { json!(above as f64 / below as f64) }
}

/// The metrics of every campaign are those of its events: in each quarter hour of the last hours,
/// which Redis has, and in all.
pub(super) async fn metrics_agree(platform: &Platform, tenant: &Tenant, events: &[Accepted]) {
    let to = floor(Utc::now(), 900) + TimeDelta::minutes(30);
    for campaign in campaigns() {
        let own = |event: &&Accepted| event.meant.texts.get("campaign_id") == Some(&campaign);
        let own: Vec<_> = events.iter().filter(own).collect();
        assert!(!own.is_empty(), "{campaign}");
        let report = Report { platform, tenant, campaign: &campaign, events: &own };
        let live: Vec<_> = names().into_iter().filter(|name| !NOT_LIVE.contains(name)).collect();
        for names in [&names(), &live] {
            report.agrees(names, "15m", to - TimeDelta::hours(5), to).await;
            report.agrees(names, "total", to - TimeDelta::days(4 * 365), to).await;
        }
    }
}

struct Report<'a> {
    platform: &'a Platform,
    tenant: &'a Tenant,
    campaign: &'a str,
    events: &'a [&'a Accepted],
}

impl Report<'_> {
    fn sums(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Sums {
        let within = |event: &&Accepted| (from..to).contains(&event.event_time);
        Sums::of(self.events.iter().copied().filter(within))
    }

    async fn agrees(
        &self,
        names: &[&str],
        granularity: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) {
        let total = self.sums(from, to);
        let others = total.others();
        let step = if granularity == "15m" { TimeDelta::minutes(15) } else { to - from };
        let starts = (0..).map(|index| from + step * index).take_while(|start| *start < to);
        let bucket = |start| {
            let mut bucket = self.sums(start, start + step).answer(names, &others);
            bucket.insert("start".to_owned(), json!(start));
            Value::Object(bucket)
        };
        let right = json!({"campaign_id": self.campaign, "currency": HOME,
            "other_currencies": others, "totals": total.answer(names, &others),
            "series": starts.map(bucket).collect::<Vec<_>>()});
        let answer = self.asked(names, granularity, from, to).await;
        // The text of a number is compared, as numbers are.
        let right: Value = serde_json::from_str(&right.to_string()).unwrap();
        for (name, right) in right.as_object().unwrap() {
            assert_eq!(answer[name], *right, "{name} of {} by {granularity}", self.campaign);
        }
    }

    async fn asked(
        &self,
        names: &[&str],
        granularity: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Value {
        let id: String = self.campaign.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let names = names.join(",");
        let [from, to] = [from, to].map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
        let path = format!(
            "/v1/campaigns/{id}/metrics?granularity={granularity}&metrics={names}&from={from}&to={to}"
        );
        self.platform.get(&self.tenant.owner, &path).await.expect(200).json()
    }
}

/// The api lists exactly the metrics that are compared here.
pub(super) async fn every_metric_is_compared(platform: &Platform, tenant: &Tenant) {
    let known: BTreeSet<_> = names().into_iter().map(|name| json!(name).to_string()).collect();
    let listed = list(platform, tenant, "/v1/metrics").await;
    let listed = listed.iter().map(|metric| metric["name"].to_string());
    assert_eq!(listed.collect::<BTreeSet<_>>(), known);
}

/// The api lists every product of an item with its brand and category, and every campaign.
pub(super) async fn lists_agree(platform: &Platform, tenant: &Tenant, events: &[Accepted]) {
    let mut products = BTreeMap::<&str, [Option<&String>; 2]>::new();
    for line in events.iter().flat_map(|event| &event.meant.items) {
        let known = products.entry(&line.product_id).or_default();
        // A product has the same brand in every event that names one.
        known[0] = known[0].or(line.brand.as_ref());
        known[1] = known[1].or(line.category.as_ref());
    }
    let right: BTreeMap<_, _> =
        products.into_iter().map(|(id, known)| (id.to_owned(), json!(known))).collect();
    let listed = list(platform, tenant, "/v1/products?limit=500").await;
    let listed = listed.into_iter().map(|product| {
        let known = json!([product["brand"], product["category"]]);
        (product["id"].as_str().unwrap().to_owned(), known)
    });
    assert_eq!(listed.collect::<BTreeMap<_, _>>(), right);

    let listed = list(platform, tenant, "/v1/campaigns?limit=500").await;
    let listed = listed.iter().map(|campaign| campaign["id"].as_str().unwrap().to_owned());
    // The tenant has the campaign `autumn`, without events.
    let right: BTreeSet<_> = campaigns().into_iter().chain(["autumn".to_owned()]).collect();
    assert_eq!(listed.collect::<BTreeSet<_>>(), right);
}

async fn list(platform: &Platform, tenant: &Tenant, path: &str) -> Vec<Value> {
    let answer = platform.get(&tenant.owner, path).await.expect(200).json();
    answer["data"].as_array().unwrap().clone()
}
