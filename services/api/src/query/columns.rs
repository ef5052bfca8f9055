use metrics::{Metric, Value};
use money::Currency;

use super::answer::Answered;
use crate::reports::Values;

/// A column of a file: a metric, or its amounts in a currency that is not the tenant's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct ValueColumn {
    pub(super) metric: Metric,
    currency: Option<Currency>,
}

impl Answered {
    /// Returns the columns of values: each metric, then each amount in each other currency.
    pub(super) fn value_columns(&self) -> Vec<ValueColumn> {
        let metrics = &self.request.metrics;
        let own = metrics.iter().map(|metric| ValueColumn { metric: *metric, currency: None });
        let money = metrics.iter().filter(|metric| metric.needs_currency());
        let in_others = money.flat_map(|metric| {
            let others = self.currencies.others.iter();
            others.map(|currency| ValueColumn { metric: *metric, currency: Some(*currency) })
        });
        own.chain(in_others).collect()
    }
}

impl ValueColumn {
    /// Returns the name: `sales`, `sales_EUR`.
    pub(super) fn name(&self, prefix: &str) -> String {
        let metric = self.metric.as_str();
        match self.currency {
            None => format!("{prefix}{metric}"),
            Some(currency) => format!("{prefix}{metric}_{currency}"),
        }
    }

    /// Returns the value in a row; null where the row has none.
    pub(super) fn value(&self, values: Option<&Values>) -> Value {
        values.map_or(Value::Null, |values| values.value(self.metric, self.currency))
    }
}
