//! The metrics: what they are, and how they are computed from sums.

mod rule;
mod table;
mod value;

use std::str::FromStr;

use money::Currency;
use serde::Serialize;

use self::rule::Rule;
pub use self::{table::Metric, value::Value};
use crate::{Counter, Dimension, Distinct, Distincts, Level, MoneySum, QuantitySum, Sums};

/// The unit of a metric's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A whole number.
    Count,
    /// A number with up to three decimal places.
    Quantity,
    /// A number with up to six decimal places: of orders that several ads may share.
    Credit,
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

/// The text is not the name of a metric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a metric; GET /v1/metrics lists them: {}", names())]
pub struct UnknownMetric {
    name: String,
}

fn names() -> String {
    Metric::ALL.map(Metric::as_str).join(", ")
}

impl Metric {
    /// The metrics of an answer when the request names none.
    pub const DEFAULT: [Self; 5] =
        [Self::Impressions, Self::Clicks, Self::Ctr, Self::Spend, Self::Cpc];

    /// Returns the metric with this name, be it one of events or of credit.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().chain(Self::ATTRIBUTED).find(|known| known.as_str() == name)
    }

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
        self.row().2.unit()
    }

    /// Returns how its values combine.
    pub const fn additivity(self) -> Additivity {
        self.row().2.additivity()
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
        self.row().2.counts_events()
    }

    /// Returns whether the live counters contain all sums that it is computed from.
    pub const fn is_live(self) -> bool {
        self.row().2.is_live()
    }

    /// Returns whether it is defined for single products of an event: what is paid for an ad
    /// belongs to the event as a whole.
    pub const fn is_of_products(self) -> bool {
        !matches!(
            self.row().2,
            Rule::Money(MoneySum::Spend)
                | Rule::MoneyPer(MoneySum::Spend, _)
                | Rule::MoneyPerThousand(MoneySum::Spend, _)
                | Rule::MoneyRate(..)
        )
    }

    /// Returns whether it is computed from orders alone.
    pub const fn is_of_orders(self) -> bool {
        matches!(
            self.row().2,
            Rule::Count(Counter::Orders | Counter::NewToBrandOrders)
                | Rule::Rate(Counter::NewToBrandOrders, Counter::Orders)
                | Rule::Quantity(QuantitySum::UnitsSold)
                | Rule::Money(MoneySum::Sales | MoneySum::NewToBrandSales)
                | Rule::MoneyPer(MoneySum::Sales, Counter::Orders)
                | Rule::Distinct(Distinct::NewCustomers | Distinct::ReturningCustomers)
        )
    }

    /// Returns whether it is defined for the values of a dimension. An ad has its credit as a whole.
    pub const fn combines_with(self, dimension: &Dimension) -> bool {
        if self.is_attributed() {
            return matches!(dimension.level(), Level::Event)
                && !matches!(dimension, Dimension::CustomerType | Dimension::Advertiser);
        }
        let fits_products = match dimension.level() {
            Level::Event => true,
            Level::Product => self.is_of_products(),
        };
        fits_products && (!dimension.is_of_orders() || self.is_of_orders())
    }

    /// Returns whether it depends on events that a query need not count: the first order of each
    /// customer, earlier orders of a brand, or the sales of the whole shop.
    pub const fn depends_on_other_events(self) -> bool {
        let depends_on_first_orders = match self.distinct() {
            Some(distinct) => distinct.depends_on_first_orders(),
            None => false,
        };
        depends_on_first_orders || self.needs_new_to_brand() || self.needs_total_sales()
    }

    /// Returns whether it is computed from what was refunded, which is read on its own.
    pub const fn needs_refunds(self) -> bool {
        matches!(
            self.row().2,
            Rule::Money(MoneySum::Refunded) | Rule::MoneyLess(_, MoneySum::Refunded)
        )
    }

    /// Returns whether it is computed from orders that are new to a brand, which are read on their own.
    pub const fn needs_new_to_brand(self) -> bool {
        matches!(
            self.row().2,
            Rule::Count(Counter::NewToBrandOrders)
                | Rule::Rate(Counter::NewToBrandOrders, _)
                | Rule::Money(MoneySum::NewToBrandSales)
        )
    }

    /// Returns whether it is computed from the sales of the whole shop, which are read on their own.
    pub const fn needs_total_sales(self) -> bool {
        matches!(self.row().2, Rule::MoneyRate(_, MoneySum::TotalSales))
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
        self.row().2.value(sums, currency, home, distincts)
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        let known = Self::named(name).filter(|known| !known.is_attributed());
        known.ok_or_else(|| UnknownMetric { name: name.chars().take(40).collect() })
    }
}

#[cfg(test)]
mod tests;
