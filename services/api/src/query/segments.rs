use std::cmp::Ordering;

use metrics::{Distincts, Metric, Sums, Value};
use money::{Amount, Currency};

use super::request::{Column, Direction, QueryRequest, Relation, SegmentTest, Threshold};

/// The numbers of some events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) sums: Sums,
    pub(super) distincts: Distincts,
}

/// The events that have the same values of all dimensions.
#[derive(Clone, Debug, Default)]
pub(super) struct Segment {
    pub(super) keys: Vec<String>,
    pub(super) current: Numbers,
    /// In the earlier period, if there is a comparison.
    pub(super) previous: Numbers,
}

impl Numbers {
    /// Returns the sums of many numbers. Distinct values do not add up.
    pub(super) fn added_up<'a>(many: impl Iterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        many.for_each(|numbers| all.sums.merge(&numbers.sums));
        all
    }

    /// Returns a metric in the tenant's own currency.
    pub(super) fn value(&self, metric: Metric, own: Currency) -> Value {
        metric.value(&self.sums, own, own, self.distincts)
    }
}

impl Segment {
    /// Returns whether any of the query's metrics has a value other than zero, in either period.
    pub(super) fn has_values(&self, request: &QueryRequest, own: Currency) -> bool {
        let is_something = |value| match value {
            Value::Null => false,
            Value::Ratio(ratio) => ratio != 0.0,
            exact => millionths(exact) != Some(0),
        };
        let has = |numbers: &Numbers| {
            request.metrics.iter().any(|metric| is_something(numbers.value(*metric, own)))
        };
        let needs_currency = request.metrics.iter().any(|metric| metric.needs_currency());
        let has_other_currencies =
            |numbers: &Numbers| needs_currency && !numbers.sums.other_currencies(own).is_empty();
        [&self.current, &self.previous].into_iter().any(|one| has(one) || has_other_currencies(one))
    }

    /// Returns whether the query's condition on segments holds.
    pub(super) fn is_admitted(&self, request: &QueryRequest, own: Currency) -> bool {
        request.segments.holds(&|test| match test {
            SegmentTest::Metric { metric, is, bound } => {
                is.holds(self.current.value(*metric, own), bound)
            }
            SegmentTest::Dimension(test) => {
                let mut named = request.dimensions.iter().zip(&self.keys);
                let key = named.find(|(dimension, _)| **dimension == test.dimension);
                key.is_some_and(|(_, key)| test.test.holds(key))
            }
        })
    }

    /// Compares two segments by some columns; values that are not defined come last.
    pub(super) fn compare(
        &self,
        other: &Self,
        order: &[(Column, Direction)],
        request: &QueryRequest,
        own: Currency,
    ) -> Ordering {
        let by = |(column, direction): &(Column, Direction)| match column {
            Column::Metric(metric) => {
                let [one, another] =
                    [self, other].map(|segment| segment.current.value(*metric, own));
                match (one, another) {
                    (Value::Null, Value::Null) => Ordering::Equal,
                    (Value::Null, _) => Ordering::Greater,
                    (_, Value::Null) => Ordering::Less,
                    (one, another) => direction.of(compare(one, another)),
                }
            }
            Column::Dimension(dimension) => {
                let at = request.dimensions.iter().position(|own| own == dimension);
                let [one, another] =
                    [self, other].map(|segment| at.and_then(|at| segment.keys.get(at)));
                direction.of(match (one, another) {
                    (Some(one), Some(another)) => dimension.order(one, another),
                    _ => one.cmp(&another),
                })
            }
        };
        order.iter().map(by).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl Direction {
    fn of(self, ascending: Ordering) -> Ordering {
        match self {
            Self::Ascending => ascending,
            Self::Descending => ascending.reverse(),
        }
    }
}

impl Relation {
    /// Returns whether a value relates to the threshold; a value that is not defined never does.
    fn holds(self, value: Value, bound: &Threshold) -> bool {
        let ordering = match value {
            Value::Null => None,
            Value::Ratio(ratio) => ratio.partial_cmp(&f64::from_bits(bound.bits)),
            Value::Money(amount) => Some(amount.cmp(&bound.exact)),
            Value::Count(_) | Value::Quantity(_) | Value::Credit(_) => {
                millionths(value).map(|own| own.cmp(&i128::from(bound.exact.micros())))
            }
        };
        ordering.is_some_and(|ordering| match self {
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
        })
    }
}

/// Compares two values of one metric.
fn compare(one: Value, another: Value) -> Ordering {
    match (one, another) {
        (Value::Ratio(one), Value::Ratio(another)) => one.total_cmp(&another),
        _ => millionths(one).cmp(&millionths(another)),
    }
}

/// Returns an exact value in millionths; none for a ratio.
pub(super) fn millionths(value: Value) -> Option<i128> {
    match value {
        Value::Count(count) => Some(i128::from(count) * 1_000_000),
        Value::Quantity(quantity) => Some(i128::from(quantity.thousandths()) * 1_000),
        Value::Credit(millionths) => Some(i128::from(millionths)),
        Value::Money(amount) => Some(i128::from(Amount::micros(amount))),
        Value::Ratio(_) | Value::Null => None,
    }
}
