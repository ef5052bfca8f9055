use std::str::FromStr;

use money::{Amount, Currency, Quantity};
use serde::{Serialize, Serializer};

use crate::{Counter, Dimension, Distinct, Distincts, Level, MoneySum, QuantitySum, Sums};

/// The unit of a metric's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A whole number.
    Count,
    /// A number with up to three decimal places.
    Quantity,
    /// A number without a unit.
    Ratio,
    /// An amount in a currency, as a decimal string.
    Money,
}

/// How a metric's values combine over time, campaigns and products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Additivity {
    /// They add up.
    Sum,
    /// They are computed from sums: neither the sum nor the mean of ratios is correct.
    RatioOfSums,
    /// They count distinct values: the total may be less than the sum of its parts.
    Distinct,
}

/// The catalogue's description of a metric.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Definition {
    /// The stable name.
    pub name: &'static str,
    /// The formula over base metrics, or what is counted.
    pub formula: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// How its values combine.
    pub additivity: Additivity,
    /// Where the definition comes from.
    pub source: &'static str,
}

/// How a metric's value is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Count(Counter),
    Quantity(QuantitySum),
    Money(MoneySum),
    /// One count over another.
    Rate(Counter, Counter),
    /// Money over a count.
    MoneyPer(MoneySum, Counter),
    /// Money over thousands of a count.
    MoneyPerThousand(MoneySum, Counter),
    /// One sum of money over another, in the same currency.
    MoneyRate(MoneySum, MoneySum),
    /// Counted over raw rows: no sum contains it.
    Distinct(Distinct),
    /// A count over a number of distinct values.
    CountPer(Counter, Distinct),
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $formula:literal, $rule:expr, $source:literal;)*) => {
        /// A metric of the catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric { $($(#[$doc])* $variant,)* }

        impl Metric {
            /// Every metric, base ones first.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            const fn row(self) -> (&'static str, &'static str, Rule, &'static str) {
                match self { $(Self::$variant => ($name, $formula, $rule, $source),)* }
            }
        }
    };
}

use Counter::*;
use MoneySum::*;
use QuantitySum::*;

catalogue! {
    /// Ads delivered.
    Impressions = "impressions", "count of ad_impression", Rule::Count(Impressions),
        "AdCP delivery-metrics: impressions";
    /// Ads in view long enough to count.
    ViewableImpressions = "viewable_impressions", "count of ad_viewable",
        Rule::Count(ViewableImpressions), "MRC: half of the ad in view for one second";
    /// Ads clicked.
    Clicks = "clicks", "count of ad_click", Rule::Count(Clicks), "AdCP delivery-metrics: clicks";
    /// What advertisers pay.
    Spend = "spend", "sum of cost", Rule::Money(Spend), "AdCP delivery-metrics: spend";
    /// Product pages shown.
    ProductViews = "product_views", "count of product_view", Rule::Count(ProductViews),
        "GA4: view_item";
    /// Additions to a cart.
    AddToCarts = "add_to_carts", "count of add_to_cart", Rule::Count(AddToCarts),
        "GA4: add_to_cart";
    /// Orders placed.
    Orders = "orders", "count of purchase", Rule::Count(Orders), "GA4: purchase";
    /// Pieces sold.
    UnitsSold = "units_sold", "sum of quantity over the lines of purchases",
        Rule::Quantity(UnitsSold), "AdCP delivery-metrics: units sold";
    /// What purchases brought in.
    Sales = "sales", "sum of revenue of purchases, or of price x quantity where no revenue was sent",
        Rule::Money(Sales), "gross of refunds";
    /// Pages shown.
    PageViews = "page_views", "count of page_view", Rule::Count(PageViews), "GA4: page_view";
    /// Lists of products shown.
    ProductListViews = "product_list_views", "count of product_list_view",
        Rule::Count(ProductListViews), "GA4: view_item_list";
    /// Removals from a cart.
    CartRemovals = "cart_removals", "count of remove_from_cart", Rule::Count(CartRemovals),
        "GA4: remove_from_cart";
    /// Checkouts begun.
    Checkouts = "checkouts", "count of begin_checkout", Rule::Count(Checkouts),
        "GA4: begin_checkout";
    /// Orders, or parts of them, returned.
    Refunds = "refunds", "count of refund", Rule::Count(Refunds), "GA4: refund";
    /// Pieces that came back.
    UnitsRefunded = "units_refunded", "sum of quantity over the lines of refunds",
        Rule::Quantity(UnitsRefunded), "Shopify: returned quantity, as a positive number";
    /// Events of every type.
    Events = "events", "count of all events", Rule::Count(Events), "custom types included";
    /// Different visitors.
    Visitors = "visitors", "distinct visitor_id", Rule::Distinct(Distinct::Visitors),
        "exact, not estimated";
    /// Different customers.
    Customers = "customers", "distinct customer_id", Rule::Distinct(Distinct::Customers),
        "exact, not estimated";
    /// Different customers whose first order is counted.
    NewCustomers = "new_customers", "distinct customers of orders that are their first",
        Rule::Distinct(Distinct::NewCustomers), "Shopify: new customers";
    /// Different customers of whom a later order is counted.
    ReturningCustomers = "returning_customers",
        "distinct customers of orders that are not their first",
        Rule::Distinct(Distinct::ReturningCustomers), "Shopify: returning customers";
    /// Clicks per impression.
    Ctr = "ctr", "clicks / impressions", Rule::Rate(Clicks, Impressions),
        "AdCP delivery-metrics: ctr";
    /// Viewable impressions per impression.
    ViewableRate = "viewable_rate", "viewable_impressions / impressions",
        Rule::Rate(ViewableImpressions, Impressions), "every impression counts as measurable";
    /// Additions to a cart per impression.
    AddToCartRate = "add_to_cart_rate", "add_to_carts / impressions",
        Rule::Rate(AddToCarts, Impressions), "Amazon Ads: ATC rate";
    /// Orders per click.
    ConversionRate = "conversion_rate", "orders / clicks", Rule::Rate(Orders, Clicks),
        "Uber Ads: click_to_order_rate";
    /// Additions to a cart per product view.
    CartToDetailRate = "cart_to_detail_rate", "add_to_carts / product_views",
        Rule::Rate(AddToCarts, ProductViews), "GA4: cart-to-view rate, by events";
    /// Orders per product view.
    BuyToDetailRate = "buy_to_detail_rate", "orders / product_views",
        Rule::Rate(Orders, ProductViews), "GA4: purchase-to-view rate, by events";
    /// Refunds per order.
    RefundRate = "refund_rate", "refunds / orders", Rule::Rate(Refunds, Orders),
        "of the same time, not of the same orders";
    /// Product views per impression.
    DetailViewRate = "detail_view_rate", "product_views / impressions",
        Rule::Rate(ProductViews, Impressions), "Amazon Ads: DPV rate";
    /// Impressions per visitor.
    Frequency = "frequency", "impressions / visitors",
        Rule::CountPer(Impressions, Distinct::Visitors), "AdCP delivery-metrics: frequency";
    /// Spend per click.
    Cpc = "cpc", "spend / clicks", Rule::MoneyPer(Spend, Clicks), "AdCP delivery-metrics: cpc";
    /// Spend per thousand impressions.
    Cpm = "cpm", "1000 x spend / impressions", Rule::MoneyPerThousand(Spend, Impressions),
        "AdCP delivery-metrics: cpm";
    /// Spend per order.
    Cpo = "cpo", "spend / orders", Rule::MoneyPer(Spend, Orders),
        "AdCP delivery-metrics: cost per acquisition";
    /// Sales per order.
    Aov = "aov", "sales / orders", Rule::MoneyPer(Sales, Orders), "Uber Ads: average order value";
    /// Sales per unit of spend.
    Roas = "roas", "sales / spend", Rule::MoneyRate(Sales, Spend), "AdCP delivery-metrics: roas";
    /// Sales per thousand impressions.
    Erpm = "erpm", "1000 x sales / impressions", Rule::MoneyPerThousand(Sales, Impressions),
        "Amazon Ads: eRPM";
    /// Spend per unit of sales.
    Acos = "acos", "spend / sales", Rule::MoneyRate(Spend, Sales), "the inverse of roas";
}

/// The text is not the name of a metric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a metric; GET /v1/metrics lists them: {}", names())]
pub struct UnknownMetric {
    name: String,
}

fn names() -> String {
    Metric::ALL.map(Metric::as_str).join(", ")
}

/// A metric's value over a range of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Count(u64),
    /// A number with up to three decimal places.
    Quantity(Quantity),
    /// A number without a unit.
    Ratio(f64),
    /// An amount in the requested currency.
    Money(Amount),
    /// Not defined: the denominator is zero.
    Null,
}

impl Metric {
    /// The metrics of an answer when the request names none.
    pub const DEFAULT: [Self; 5] =
        [Self::Impressions, Self::Clicks, Self::Ctr, Self::Spend, Self::Cpc];

    /// Returns the stable name.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Returns its row of the catalogue.
    pub const fn definition(self) -> Definition {
        let (name, formula, _, source) = self.row();
        Definition { name, formula, unit: self.unit(), additivity: self.additivity(), source }
    }

    /// Returns the unit of its values.
    pub const fn unit(self) -> Unit {
        match self.row().2 {
            Rule::Count(_) | Rule::Distinct(_) => Unit::Count,
            Rule::Quantity(_) => Unit::Quantity,
            Rule::Rate(..) | Rule::MoneyRate(..) | Rule::CountPer(..) => Unit::Ratio,
            Rule::Money(_) | Rule::MoneyPer(..) | Rule::MoneyPerThousand(..) => Unit::Money,
        }
    }

    /// Returns how its values combine.
    pub const fn additivity(self) -> Additivity {
        match self.row().2 {
            Rule::Count(_) | Rule::Quantity(_) | Rule::Money(_) => Additivity::Sum,
            Rule::Distinct(_) => Additivity::Distinct,
            _ => Additivity::RatioOfSums,
        }
    }

    /// Returns the distinct values that it counts, if it counts any.
    pub const fn distinct(self) -> Option<Distinct> {
        match self.row().2 {
            Rule::Distinct(distinct) | Rule::CountPer(_, distinct) => Some(distinct),
            _ => None,
        }
    }

    /// Returns whether it is computed from a number of events.
    pub const fn counts_events(self) -> bool {
        !matches!(
            self.row().2,
            Rule::Quantity(_) | Rule::Money(_) | Rule::MoneyRate(..) | Rule::Distinct(_)
        )
    }

    /// Returns whether the live counters contain all sums that it is computed from.
    pub const fn is_live(self) -> bool {
        match self.row().2 {
            Rule::Count(counter) => counter.is_live(),
            Rule::Quantity(sum) => sum.is_live(),
            Rule::Rate(above, below) => above.is_live() && below.is_live(),
            Rule::CountPer(above, _) => above.is_live(),
            _ => true,
        }
    }

    /// Returns whether it is defined for single products of an event: what is paid for an ad
    /// belongs to the event as a whole.
    pub const fn is_of_products(self) -> bool {
        !matches!(
            self.row().2,
            Rule::Money(Spend)
                | Rule::MoneyPer(Spend, _)
                | Rule::MoneyPerThousand(Spend, _)
                | Rule::MoneyRate(..)
        )
    }

    /// Returns whether it is computed from orders alone.
    pub const fn is_of_orders(self) -> bool {
        matches!(
            self.row().2,
            Rule::Count(Orders)
                | Rule::Quantity(UnitsSold)
                | Rule::Money(Sales)
                | Rule::MoneyPer(Sales, Orders)
                | Rule::Distinct(Distinct::NewCustomers | Distinct::ReturningCustomers)
        )
    }

    /// Returns whether it is defined for the values of a dimension.
    pub const fn combines_with(self, dimension: &Dimension) -> bool {
        let fits_products = match dimension.level() {
            Level::Event => true,
            Level::Product => self.is_of_products(),
        };
        fits_products && (!dimension.is_of_orders() || self.is_of_orders())
    }

    /// Returns whether it depends on the first order of each customer, and so on orders that a query
    /// need not count.
    pub const fn depends_on_first_orders(self) -> bool {
        match self.distinct() {
            Some(distinct) => distinct.depends_on_first_orders(),
            None => false,
        }
    }

    /// Returns whether its value depends on a currency.
    pub const fn needs_currency(self) -> bool {
        matches!(self.unit(), Unit::Money) || matches!(self.row().2, Rule::MoneyRate(..))
    }

    /// Computes its value from sums, and from numbers of distinct values, which no sum contains.
    ///
    /// Money is in `currency` and divided only by counts of the same currency; `home` is the
    /// currency of events without one. Counts, and ratios of counts, cover all currencies.
    pub fn value(
        self,
        sums: &Sums,
        currency: Currency,
        home: Currency,
        distincts: Distincts,
    ) -> Value {
        let money = |sum| sums.money(sum, currency);
        let count = |counter| sums.count_in(counter, currency, home);
        let or_null = |value: Option<Value>| value.unwrap_or(Value::Null);
        match self.row().2 {
            Rule::Count(counter) => Value::Count(sums.count(counter)),
            Rule::Quantity(sum) => Value::Quantity(sums.quantity(sum)),
            Rule::Money(sum) => Value::Money(money(sum)),
            Rule::Distinct(distinct) => Value::Count(distincts.of(distinct)),
            Rule::CountPer(above, below) => match distincts.of(below) {
                0 => Value::Null,
                below => Value::Ratio(sums.count(above) as f64 / below as f64),
            },
            Rule::Rate(above, below) => match sums.count(below) {
                0 => Value::Null,
                below => Value::Ratio(sums.count(above) as f64 / below as f64),
            },
            Rule::MoneyPer(sum, counter) => {
                or_null(money(sum).per(count(counter)).map(Value::Money))
            }
            Rule::MoneyPerThousand(sum, counter) => {
                or_null(money(sum).per_thousand(count(counter)).map(Value::Money))
            }
            Rule::MoneyRate(above, below) => {
                or_null(money(above).ratio(money(below)).map(Value::Ratio))
            }
        }
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == name);
        known.ok_or_else(|| UnknownMetric { name: name.chars().take(40).collect() })
    }
}

/// Writes counts, quantities and ratios as JSON numbers, money as a decimal string, undefined as
/// `null`.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u64(*count),
            Self::Quantity(quantity) => quantity.serialize(serializer),
            Self::Ratio(ratio) => serializer.serialize_f64(*ratio),
            Self::Money(amount) => amount.serialize(serializer),
            Self::Null => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums() -> (Sums, Currency) {
        let eur = "EUR".parse().unwrap();
        let mut sums = Sums::default();
        sums.add_count(Counter::Impressions, None, 10_000);
        sums.add_count(Counter::Clicks, Some(eur), 46);
        sums.add_money(MoneySum::Spend, eur, "12.50".parse().unwrap());
        (sums, eur)
    }

    fn json(metric: Metric) -> String {
        let (sums, eur) = sums();
        serde_json::to_string(&metric.value(
            &sums,
            eur,
            eur,
            Distincts { visitors: 7, customers: 3, new_customers: 2, returning_customers: 1 },
        ))
        .unwrap()
    }

    #[test]
    fn values_follow_their_formulas() {
        assert_eq!(json(Metric::Impressions), "10000");
        assert_eq!(json(Metric::Ctr), "0.0046");
        assert_eq!(json(Metric::Spend), r#""12.50""#);
        assert_eq!(json(Metric::Cpm), r#""1.25""#);
        assert_eq!(json(Metric::Cpc), r#""0.271739""#);
        assert_eq!(json(Metric::Visitors), "7");
        assert_eq!(json(Metric::Customers), "3");
        assert_eq!(json(Metric::NewCustomers), "2");
        assert_eq!(json(Metric::ReturningCustomers), "1");
        assert_eq!(json(Metric::Erpm), r#""0.00""#);
    }

    #[test]
    fn money_is_divided_by_counts_of_its_own_currency() {
        let eur = "EUR".parse().unwrap();
        let usd = "USD".parse().unwrap();
        let mut sums = Sums::default();
        for (currency, amount) in [(eur, "100"), (usd, "50"), (usd, "50")] {
            sums.add_count(Counter::Orders, Some(currency), 1);
            sums.add_money(MoneySum::Sales, currency, amount.parse().unwrap());
        }
        let aov = |currency| Metric::Aov.value(&sums, currency, eur, Distincts::default());
        assert_eq!(aov(eur), Value::Money("100".parse().unwrap()));
        assert_eq!(aov(usd), Value::Money("50".parse().unwrap()));
        assert_eq!(Metric::Orders.value(&sums, usd, eur, Distincts::default()), Value::Count(3));
    }

    #[test]
    fn only_metrics_of_orders_have_a_type_of_customer() {
        let metrics = Metric::ALL.into_iter();
        let metrics = metrics.filter(|metric| metric.combines_with(&Dimension::CustomerType));
        let names: Vec<_> = metrics.map(Metric::as_str).collect();
        assert_eq!(
            names,
            ["orders", "units_sold", "sales", "new_customers", "returning_customers", "aov"]
        );
    }

    #[test]
    fn counters_that_divide_money_are_marked() {
        for counter in Counter::ALL {
            let divides = Metric::ALL.into_iter().any(|metric| match metric.row().2 {
                Rule::MoneyPer(_, below) | Rule::MoneyPerThousand(_, below) => below == counter,
                _ => false,
            });
            assert_eq!(counter.divides_money(), divides, "{}", counter.as_str());
        }
    }

    #[test]
    fn a_zero_denominator_is_null() {
        for metric in [Metric::Cpo, Metric::Aov, Metric::Acos] {
            assert_eq!(json(metric), "null", "{}", metric.as_str());
        }
        let nothing = Sums::default();
        let eur = "EUR".parse().unwrap();
        for metric in Metric::ALL {
            if metric.additivity() == Additivity::RatioOfSums {
                assert_eq!(
                    metric.value(&nothing, eur, eur, Distincts::default()),
                    Value::Null,
                    "{}",
                    metric.as_str()
                );
            }
        }
    }

    #[test]
    fn known_names_parse_and_others_are_refused_with_the_list() {
        for metric in Metric::ALL {
            assert_eq!(metric.as_str().parse(), Ok(metric));
        }
        let refused = "ctrr".parse::<Metric>().unwrap_err().to_string();
        assert!(refused.contains("`ctrr`") && refused.contains("conversion_rate"));
    }
}
