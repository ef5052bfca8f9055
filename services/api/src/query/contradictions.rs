//! Conditions that hold for nothing, whatever the events are.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use metrics::{Dimension, DimensionTest, EventTest, Filter, Metric, TextTest, Unit};

use super::{
    filters::AnyTest,
    request::{Relation, Threshold},
};

/// Returns the first of some conditions, all of which must hold, that leaves no value of a dimension, and
/// the dimension.
pub(super) fn without_value(filters: &[Filter<AnyTest>]) -> Option<(usize, &Dimension)> {
    let mut possible = BTreeMap::<&Dimension, BTreeSet<&str>>::new();
    for (index, filter) in filters.iter().enumerate() {
        let Filter::Test(AnyTest::Event(EventTest::Dimension(DimensionTest {
            dimension,
            test: TextTest::In(texts),
        }))) = filter
        else {
            continue;
        };
        let texts: BTreeSet<_> = texts.iter().map(String::as_str).collect();
        let left = match possible.get(dimension) {
            Some(earlier) => earlier.intersection(&texts).copied().collect(),
            None => texts,
        };
        if left.is_empty() {
            return Some((index, dimension));
        }
        possible.insert(dimension, left);
    }
    None
}

/// Returns whether no value of a metric lies between some bounds.
pub(super) fn is_empty(metric: Metric, bounds: &[(Relation, Threshold)]) -> bool {
    let compare = |one: &Threshold, other: &Threshold| match metric.unit() {
        Unit::Ratio => f64::from_bits(one.bits).total_cmp(&f64::from_bits(other.bits)),
        _ => one.exact.cmp(&other.exact),
    };
    let are_apart = |(lower, least): &(Relation, Threshold),
                     (upper, most): &(Relation, Threshold)| {
        let is_pair = matches!(lower, Relation::Greater | Relation::GreaterOrEqual)
            && matches!(upper, Relation::Less | Relation::LessOrEqual);
        let has_both_ends = (*lower, *upper) == (Relation::GreaterOrEqual, Relation::LessOrEqual);
        is_pair
            && match compare(least, most) {
                Ordering::Greater => true,
                Ordering::Equal => !has_both_ends,
                Ordering::Less => false,
            }
    };
    bounds.iter().any(|one| bounds.iter().any(|other| are_apart(one, other)))
}
