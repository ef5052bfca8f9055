use metrics::{Metric, Value};
use money::Currency;
use serde::{Serialize, Serializer};

use super::segments::{Numbers, millionths};

/// How each metric has changed since the earlier period, relative to it: 0.5 is half as much again.
/// `null` if it was zero or not defined in either.
#[derive(Debug)]
pub(super) struct Change(pub(super) Vec<(Metric, Option<f64>)>);

impl Change {
    pub(super) fn between(
        previous: &Numbers,
        current: &Numbers,
        metrics: &[Metric],
        own: Currency,
    ) -> Self {
        let change = |metric: &Metric| {
            (*metric, relative(previous.value(*metric, own), current.value(*metric, own)))
        };
        Self(metrics.iter().map(change).collect())
    }

    /// Returns that nothing is known of any metric.
    pub(super) fn unknown(metrics: &[Metric]) -> Self {
        Self(metrics.iter().map(|metric| (*metric, None)).collect())
    }
}

fn relative(previous: Value, current: Value) -> Option<f64> {
    let (base, difference) = match (previous, current) {
        (Value::Ratio(previous), Value::Ratio(current)) => (previous, current - previous),
        _ => {
            let (previous, current) = (millionths(previous)?, millionths(current)?);
            (previous as f64, (current - previous) as f64)
        }
    };
    (base != 0.0).then(|| difference / base)
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(metric, change)| (metric.as_str(), change)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_relative_to_the_earlier_value() {
        let of = |previous, current| relative(Value::Count(previous), Value::Count(current));
        assert_eq!(of(300, 594), Some(0.98));
        assert_eq!(of(4, 1), Some(-0.75));
        assert_eq!(of(0, 1), None);
        assert_eq!(relative(Value::Null, Value::Ratio(1.0)), None);
        assert_eq!(relative(Value::Ratio(0.5), Value::Ratio(0.25)), Some(-0.5));
    }
}
