use money::Currency;

use super::{Additivity, Unit, Value};
use crate::{Counter, Distinct, Distincts, MoneySum, QuantitySum, Sums};

/// How a metric's value is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Count(Counter),
    Quantity(QuantitySum),
    Money(MoneySum),
    /// A sum of money without another.
    MoneyLess(MoneySum, MoneySum),
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
    /// What a counter has millionths of.
    Credit(Counter),
}

impl Rule {
    /// Returns the unit of the values.
    pub(super) const fn unit(self) -> Unit {
        match self {
            Self::Count(_) | Self::Distinct(_) => Unit::Count,
            Self::Quantity(_) => Unit::Quantity,
            Self::Credit(_) => Unit::Credit,
            Self::Rate(..) | Self::MoneyRate(..) | Self::CountPer(..) => Unit::Ratio,
            Self::Money(_)
            | Self::MoneyLess(..)
            | Self::MoneyPer(..)
            | Self::MoneyPerThousand(..) => Unit::Money,
        }
    }

    /// Returns how the values combine.
    pub(super) const fn additivity(self) -> Additivity {
        match self {
            Self::Count(_)
            | Self::Quantity(_)
            | Self::Credit(_)
            | Self::Money(_)
            | Self::MoneyLess(..) => Additivity::Sum,
            Self::Distinct(_) => Additivity::Distinct,
            _ => Additivity::RatioOfSums,
        }
    }

    /// Returns whether a number of events is needed.
    pub(super) const fn counts_events(self) -> bool {
        match self {
            Self::Count(_)
            | Self::Rate(..)
            | Self::MoneyPer(..)
            | Self::MoneyPerThousand(..)
            | Self::CountPer(..) => true,
            Self::Quantity(_)
            | Self::Credit(_)
            | Self::Money(_)
            | Self::MoneyLess(..)
            | Self::MoneyRate(..)
            | Self::Distinct(_) => false,
        }
    }

    /// Returns whether the live counters contain all sums.
    pub(super) const fn is_live(self) -> bool {
        match self {
            Self::Count(counter) | Self::CountPer(counter, _) | Self::Credit(counter) => {
                counter.is_live()
            }
            Self::Quantity(sum) => sum.is_live(),
            Self::Rate(above, below) => above.is_live() && below.is_live(),
            Self::Money(sum) => sum.is_live(),
            Self::MoneyLess(one, other) | Self::MoneyRate(one, other) => {
                one.is_live() && other.is_live()
            }
            Self::MoneyPer(sum, counter) | Self::MoneyPerThousand(sum, counter) => {
                sum.is_live() && counter.is_live()
            }
            Self::Distinct(_) => true,
        }
    }

    /// Computes a value, as [`Metric::value`](super::Metric::value) says.
    pub(super) fn value(
        self,
        sums: &Sums,
        currency: Currency,
        home: Currency,
        distincts: Distincts,
    ) -> Value {
        let money = |sum| sums.money(sum, currency);
        let count = |counter| sums.count_in(counter, currency, home);
        let or_null = |value: Option<Value>| value.unwrap_or(Value::Null);
        match self {
            Self::Count(counter) => Value::Count(sums.count(counter)),
            Self::Quantity(sum) => Value::Quantity(sums.quantity(sum)),
            Self::Credit(counter) => Value::Credit(sums.count(counter)),
            Self::Money(sum) => Value::Money(money(sum)),
            Self::MoneyLess(sum, less) => Value::Money(money(sum).minus(money(less))),
            Self::Distinct(distinct) => Value::Count(distincts.of(distinct)),
            Self::CountPer(above, below) => ratio(sums.count(above), distincts.of(below)),
            Self::Rate(above, below) => ratio(sums.count(above), sums.count(below)),
            Self::MoneyPer(sum, counter) => {
                or_null(money(sum).per(count(counter)).map(Value::Money))
            }
            Self::MoneyPerThousand(sum, counter) => {
                or_null(money(sum).per_thousand(count(counter)).map(Value::Money))
            }
            Self::MoneyRate(above, below) => {
                or_null(money(above).ratio(money(below)).map(Value::Ratio))
            }
        }
    }
}

/// Returns one number over another; null when the other is zero.
fn ratio(above: u64, below: u64) -> Value {
    match below {
        0 => Value::Null,
        below => Value::Ratio(above as f64 / below as f64),
    }
}
