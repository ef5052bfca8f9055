//! The api's answers to what was sent: metrics with their ratios, visitors, products, campaigns.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use testkit::{Platform, Tenant};
use uuid::Uuid;

use super::{
    meant::{Accepted, Line},
    times::floor,
    written::campaigns,
};
use crate::formulas::{
    CustomerType, HOME, Order, Part, Sums, first_orders, names, new_to_brand, session_begins,
};

/// Those that Redis has not: an answer with one of them is from ClickHouse alone.
const NOT_LIVE: [&str; 14] = [
    "page_views",
    "product_list_views",
    "cart_removals",
    "checkouts",
    "refunds",
    "refund_amount",
    "net_sales",
    "units_refunded",
    "refund_rate",
    "events",
    "new_to_brand_orders",
    "new_to_brand_sales",
    "new_to_brand_rate",
    "tacos",
];

/// What is known of orders only beside all others of the shop.
struct Known<'a> {
    /// Those that are the first of their customer.
    firsts: HashSet<Uuid>,
    /// Those that are new to a brand, with the brand.
    new_to_brand: HashSet<(Uuid, &'a str)>,
}

/// Returns the order that an event is, if it is one.
fn order(event: &Accepted) -> Option<Order<'_>> {
    let text = |name: &str| event.meant.texts.get(name).map_or("", String::as_str);
    let Accepted { event_id: id, event_time: time, .. } = *event;
    let order = Order { id, time, customer: text("customer_id"), visitor: text("visitor_id") };
    event.meant.is_purchase().then_some(order)
}

/// Adds up the events of a campaign in a stretch of time.
fn added<'a>(events: impl Iterator<Item = &'a Accepted>, known: &Known<'_>) -> Sums<'a> {
    let mut sums = Sums::default();
    for event in events {
        let meant = &event.meant;
        let text = |name: &str| meant.texts.get(name).map_or("", String::as_str);
        let customer_type = order(event).map(|order| order.customer_type(&known.firsts));
        let is_new = |line: &&Line| {
            let brand = line.brand.as_deref().unwrap_or_default();
            known.new_to_brand.contains(&(event.event_id, brand))
        };
        let new: Vec<_> = meant.items.iter().filter(is_new).collect();
        let new_sales = || new.iter().map(|line| i128::from(line.total().micros())).sum();
        let units: i128 =
            meant.items.iter().map(|line| i128::from(line.quantity.thousandths())).sum();
        sums.add(&Part {
            event_type: &meant.event_type,
            currency: meant.texts.get("currency").map_or(HOME, String::as_str),
            visitor: text("visitor_id"),
            customer: text("customer_id"),
            customer_type: customer_type.unwrap_or(CustomerType::None),
            units: if meant.is_purchase() { units } else { 0 },
            units_refunded: if meant.event_type == "refund" { units } else { 0 },
            spend: i128::from(meant.cost.unwrap_or_default().micros()),
            sales: i128::from(meant.sales().micros()),
            refunded: i128::from(meant.refunded().micros()),
            new_to_brand: (!new.is_empty()).then(new_sales),
        });
    }
    sums
}

/// The metrics of every campaign are those of its events: in each quarter hour of the last hours,
/// which Redis has, and in all.
pub(super) async fn metrics_agree(platform: &Platform, tenant: &Tenant, events: &[Accepted]) {
    let to = floor(Utc::now(), 900) + TimeDelta::minutes(30);
    // A first order may be one of another campaign.
    let brands = events.iter().flat_map(|event| {
        let brands = event.meant.items.iter().filter_map(|line| line.brand.as_deref());
        brands.filter_map(move |brand| Some((order(event)?, brand)))
    });
    let known = Known {
        firsts: first_orders(events.iter().filter_map(order)),
        new_to_brand: new_to_brand(brands),
    };
    for campaign in campaigns() {
        let own = |event: &&Accepted| event.meant.texts.get("campaign_id") == Some(&campaign);
        let own: Vec<_> = events.iter().filter(own).collect();
        assert!(!own.is_empty(), "{campaign}");
        let report = Report {
            platform,
            tenant,
            campaign: &campaign,
            events: &own,
            all: events,
            known: &known,
        };
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
    /// Those of all campaigns, and of none.
    all: &'a [Accepted],
    known: &'a Known<'a>,
}

impl Report<'_> {
    fn sums(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Sums<'_> {
        let within = |event: &&Accepted| (from..to).contains(&event.event_time);
        let mut sums = added(self.events.iter().copied().filter(within), self.known);
        let visits = self.events.iter().map(|event| {
            let visitor = event.meant.texts.get("visitor_id");
            (visitor.map_or("", String::as_str), event.event_time)
        });
        let begins = session_begins(visits).into_iter();
        sums.add_sessions(begins.filter(|begin| (from..to).contains(begin)).count());
        sums
    }

    /// Returns the numbers of the whole shop.
    fn shop(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Sums<'_> {
        let within = |event: &&Accepted| (from..to).contains(&event.event_time);
        added(self.all.iter().filter(within), self.known)
    }

    async fn agrees(
        &self,
        names: &[&str],
        granularity: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) {
        let total = self.sums(from, to);
        let others = total.others(names);
        let step = if granularity == "15m" { TimeDelta::minutes(15) } else { to - from };
        let starts = (0..).map(|index| from + step * index).take_while(|start| *start < to);
        let bucket = |start| {
            let shop = self.shop(start, start + step);
            let mut bucket = self.sums(start, start + step).values(names, &others, shop.sales());
            bucket.insert("start".to_owned(), json!(start));
            Value::Object(bucket)
        };
        let all = self.shop(from, to);
        let right = json!({"campaign_id": self.campaign, "currency": HOME,
            "other_currencies": others, "totals": total.values(names, &others, all.sales()),
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
