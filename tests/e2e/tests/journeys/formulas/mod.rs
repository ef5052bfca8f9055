//! Every metric by its formula in `docs/reports.md`, in exact arithmetic. It shares no code with the
//! product.

mod customers;
mod exact;
mod sessions;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value};

use customers::who;
pub(crate) use customers::{CustomerType, Order, first_orders, new_to_brand};
use exact::{amount, count, quantity, ratio};
pub(crate) use exact::{half_even, scaled};
pub(crate) use sessions::session_begins;

/// The currency of the tenants, and of events without one.
pub(crate) const HOME: &str = "EUR";

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
const PLAIN: [&str; 19] = [
    "events",
    "units_sold",
    "units_refunded",
    "visitors",
    "sessions",
    "customers",
    "new_customers",
    "returning_customers",
    "new_to_brand_orders",
    "new_to_brand_rate",
    "ctr",
    "viewable_rate",
    "add_to_cart_rate",
    "conversion_rate",
    "cart_to_detail_rate",
    "buy_to_detail_rate",
    "detail_view_rate",
    "refund_rate",
    "frequency",
];
const IN_A_CURRENCY: [&str; 13] = [
    "spend",
    "sales",
    "refund_amount",
    "net_sales",
    "new_to_brand_sales",
    "cpc",
    "cpm",
    "cpo",
    "aov",
    "roas",
    "acos",
    "tacos",
    "erpm",
];
/// The metrics for which what was refunded is read.
const OF_REFUNDS: [&str; 2] = ["refund_amount", "net_sales"];

/// Returns the names of all metrics.
pub(crate) fn names() -> Vec<&'static str> {
    COUNTERS.iter().map(|(name, _)| *name).chain(PLAIN).chain(IN_A_CURRENCY).collect()
}

/// What an event, or some of its items, add to the numbers.
pub(crate) struct Part<'a> {
    pub(crate) event_type: &'a str,
    pub(crate) currency: &'a str,
    /// Empty if the event names none.
    pub(crate) visitor: &'a str,
    /// Empty if the event names none.
    pub(crate) customer: &'a str,
    pub(crate) customer_type: CustomerType,
    /// Units sold, in thousandths.
    pub(crate) units: i128,
    /// Units that came back, in thousandths.
    pub(crate) units_refunded: i128,
    /// In millionths.
    pub(crate) spend: i128,
    /// In millionths.
    pub(crate) sales: i128,
    /// In millionths.
    pub(crate) refunded: i128,
    /// What the items that are new to their brand cost, in millionths; none if no item is.
    pub(crate) new_to_brand: Option<i128>,
}

/// The sales of all events of a shop, in millionths, by currency.
pub(crate) type ShopSales<'a> = BTreeMap<&'a str, i128>;

/// The numbers of some events, added up.
#[derive(Default)]
pub(crate) struct Sums<'a> {
    /// By type and currency.
    counts: BTreeMap<(&'a str, &'a str), i128>,
    /// In thousandths.
    units: i128,
    /// In thousandths.
    units_refunded: i128,
    /// In millionths, by currency.
    spend: BTreeMap<&'a str, i128>,
    /// In millionths, by currency.
    sales: BTreeMap<&'a str, i128>,
    /// In millionths, by currency.
    refunded: BTreeMap<&'a str, i128>,
    new_to_brand_orders: i128,
    /// In millionths, by currency.
    new_to_brand_sales: BTreeMap<&'a str, i128>,
    /// That begin with one of the events.
    sessions: i128,
    visitors: HashSet<&'a str>,
    customers: HashSet<&'a str>,
    /// Whose first order is among the events.
    new_customers: HashSet<[&'a str; 2]>,
    /// Of whom a later order is among the events.
    returning_customers: HashSet<[&'a str; 2]>,
    events: i128,
}

impl<'a> Sums<'a> {
    pub(crate) fn add(&mut self, part: &Part<'a>) {
        let Part { event_type, currency, visitor, customer, customer_type, .. } = *part;
        let Part { units, units_refunded, spend, sales, refunded, .. } = *part;
        *self.counts.entry((event_type, currency)).or_default() += 1;
        self.units += units;
        self.units_refunded += units_refunded;
        *self.spend.entry(currency).or_default() += spend;
        *self.sales.entry(currency).or_default() += sales;
        *self.refunded.entry(currency).or_default() += refunded;
        if let Some(sales) = part.new_to_brand {
            self.new_to_brand_orders += 1;
            *self.new_to_brand_sales.entry(currency).or_default() += sales;
        }
        self.visitors.extend(Some(visitor).filter(|visitor| !visitor.is_empty()));
        self.customers.extend(Some(customer).filter(|customer| !customer.is_empty()));
        let of_type = match customer_type {
            CustomerType::None => None,
            CustomerType::New => Some(&mut self.new_customers),
            CustomerType::Returning => Some(&mut self.returning_customers),
        };
        if let Some(customers) = of_type {
            customers.insert(who(customer, visitor));
        }
        self.events += 1;
    }

    /// Adds sessions that begin with one of the events.
    pub(crate) fn add_sessions(&mut self, sessions: usize) {
        self.sessions += sessions as i128;
    }

    /// Returns the currencies, other than the tenant's, of amounts and of what they are divided by; of
    /// refunds too, if one of the metrics needs them.
    pub(crate) fn others(&self, names: &[&str]) -> BTreeSet<&'a str> {
        let divides = |kind: &str| ["ad_impression", "ad_click", "purchase"].contains(&kind);
        let counted = self.counts.keys().filter(|(kind, _)| divides(kind));
        let counted = counted.map(|(_, currency)| *currency);
        let refunded =
            self.refunded.iter().filter(|_| names.iter().any(|name| OF_REFUNDS.contains(name)));
        let money = self.spend.iter().chain(&self.sales).chain(refunded);
        let money = money.filter(|(_, micros)| **micros != 0);
        let money = money.map(|(currency, _)| *currency);
        counted.chain(money).filter(|currency| *currency != HOME).collect()
    }

    /// Returns the sales.
    pub(crate) fn sales(&self) -> &ShopSales<'a> {
        &self.sales
    }

    /// Returns these metrics; those in a currency in each of them as well, if there are `others`.
    pub(crate) fn values(
        &self,
        names: &[&str],
        others: &BTreeSet<&str>,
        shop: &ShopSales<'_>,
    ) -> Map<String, Value> {
        let of = |name: &str, currency: &str| (name.to_owned(), self.value(name, currency, shop));
        let mut values: Map<_, _> = names.iter().map(|name| of(name, HOME)).collect();
        let money: Vec<_> = names.iter().filter(|name| is_in_a_currency(name)).collect();
        if !others.is_empty() && !money.is_empty() {
            let currencies = others.iter().copied().chain([HOME]).map(|currency| {
                let amounts: Map<_, _> = money.iter().map(|name| of(name, currency)).collect();
                (currency.to_owned(), Value::Object(amounts))
            });
            values.insert("by_currency".to_owned(), Value::Object(currencies.collect()));
        }
        values
    }

    /// Returns whether any of these metrics is neither zero nor undefined, or is in another currency.
    pub(crate) fn says_something(&self, names: &[&str], shop: &ShopSales<'_>) -> bool {
        let has_others =
            names.iter().any(|name| is_in_a_currency(name)) && !self.others(names).is_empty();
        has_others || names.iter().any(|name| !is_nothing(&self.value(name, HOME, shop)))
    }

    /// Returns the value of a metric by its formula; amounts in `currency`.
    fn value(&self, metric: &str, currency: &str, shop: &ShopSales<'_>) -> Value {
        let spend = self.spend.get(currency).copied().unwrap_or_default();
        let sales = self.sales.get(currency).copied().unwrap_or_default();
        let refunded = self.refunded.get(currency).copied().unwrap_or_default();
        let new_to_brand = self.new_to_brand_sales.get(currency).copied().unwrap_or_default();
        let rate = |above: &str, below: &str| ratio(self.count(above), self.count(below));
        let per = |micros: i128, below: &str| match self.count_in(below, currency) {
            0 => Value::Null,
            number => amount(half_even(micros, number)),
        };
        match metric {
            "events" => count(self.events),
            "units_sold" => quantity(self.units),
            "units_refunded" => quantity(self.units_refunded),
            "visitors" => count(self.visitors.len() as i128),
            "sessions" => count(self.sessions),
            "customers" => count(self.customers.len() as i128),
            "new_customers" => count(self.new_customers.len() as i128),
            "returning_customers" => count(self.returning_customers.len() as i128),
            "new_to_brand_orders" => count(self.new_to_brand_orders),
            "new_to_brand_rate" => ratio(self.new_to_brand_orders, self.count("orders")),
            "ctr" => rate("clicks", "impressions"),
            "viewable_rate" => rate("viewable_impressions", "impressions"),
            "add_to_cart_rate" => rate("add_to_carts", "impressions"),
            "conversion_rate" => rate("orders", "clicks"),
            "cart_to_detail_rate" => rate("add_to_carts", "product_views"),
            "buy_to_detail_rate" => rate("orders", "product_views"),
            "detail_view_rate" => rate("product_views", "impressions"),
            "refund_rate" => rate("refunds", "orders"),
            "frequency" => ratio(self.count("impressions"), self.visitors.len() as i128),
            "spend" => amount(spend),
            "sales" => amount(sales),
            "refund_amount" => amount(refunded),
            "net_sales" => amount(sales - refunded),
            "new_to_brand_sales" => amount(new_to_brand),
            "cpc" => per(spend, "clicks"),
            "cpm" => per(1_000 * spend, "impressions"),
            "cpo" => per(spend, "orders"),
            "aov" => per(sales, "orders"),
            "erpm" => per(1_000 * sales, "impressions"),
            "roas" => ratio(sales, spend),
            "acos" => ratio(spend, sales),
            "tacos" => ratio(spend, shop.get(currency).copied().unwrap_or_default()),
            counter => count(self.count(counter)),
        }
    }

    fn count(&self, counter: &str) -> i128 {
        let counted = event_type(counter);
        let counts = self.counts.iter().filter(|((own, _), _)| *own == counted);
        counts.map(|(_, count)| count).sum()
    }

    fn count_in(&self, counter: &str, currency: &str) -> i128 {
        let key = (event_type(counter), currency);
        let counts = self.counts.iter().filter(|(own, _)| **own == key);
        counts.map(|(_, count)| count).sum()
    }
}

/// Returns the type of event that a counter counts.
fn event_type(counter: &str) -> &'static str {
    let known = COUNTERS.iter().find(|(name, _)| *name == counter);
    known.unwrap_or_else(|| panic!("unknown metric {counter}: teach the recount")).1
}

fn is_in_a_currency(metric: &str) -> bool {
    IN_A_CURRENCY.contains(&metric)
}

/// Returns whether a value is zero or undefined.
pub(crate) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        text => *text == "0.00",
    }
}
