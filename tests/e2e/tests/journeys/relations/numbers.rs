//! Sums of the numbers of answers.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::formulas::{HOME, is_nothing, scaled};

/// Millionths, by what they are about and the metric; zeros are left out.
pub(super) type Sums = BTreeMap<(Vec<String>, String), i128>;

/// Adds the additive metrics of some rows, or of totals, to what `about` says.
pub(super) fn add(sums: &mut Sums, about: Vec<String>, values: &Value, additive: &[String]) {
    for metric in additive {
        for (name, number) in amounts(values, metric) {
            let place = (about.clone(), name);
            let sum = sums.get(&place).copied().unwrap_or(0) + number;
            if sum == 0 {
                sums.remove(&place);
            } else {
                sums.insert(place, sum);
            }
        }
    }
}

/// Returns the values without those in each currency: a comparison has the currencies of both periods.
pub(super) fn flat(values: &Value) -> Value {
    let mut flat = values.clone();
    flat.as_object_mut().unwrap().remove("by_currency");
    flat
}

/// Returns whether all of these values are zero or undefined.
pub(super) fn are_nothing(values: &Value) -> bool {
    values.as_object().unwrap().values().all(is_nothing)
}

/// Returns a metric in each currency; one that is in no currency as in the tenant's own.
fn amounts(values: &Value, metric: &str) -> Vec<(String, i128)> {
    let own = || vec![(format!("{metric} in {HOME}"), millionths(&values[metric]))];
    let Some(currencies) = values["by_currency"].as_object() else { return own() };
    let in_each = currencies.iter().filter(|(_, amounts)| !amounts[metric].is_null());
    let in_each: Vec<_> = in_each
        .map(|(currency, amounts)| {
            (format!("{metric} in {currency}"), millionths(&amounts[metric]))
        })
        .collect();
    if in_each.is_empty() { own() } else { in_each }
}

fn millionths(value: &Value) -> i128 {
    match value.as_str() {
        Some(amount) => scaled(amount, 6),
        None => scaled(&value.to_string(), 6),
    }
}
