use std::collections::BTreeSet;

use metrics::{Metric, Sums, Value};
use money::{Amount, Currency};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// Metrics by name, in the order asked for.
#[derive(Debug)]
pub(crate) struct Values {
    flat: Vec<(Metric, Value)>,
    by_currency: Vec<(Currency, Vec<(Metric, Value)>)>,
}

/// The currencies in which there is any money, in order; `home` when there is none.
pub(crate) fn currencies_of(sums: &Sums, home: Currency) -> Vec<Currency> {
    let with_money = sums.money_sums().filter(|(_, _, amount)| *amount != Amount::ZERO);
    let currencies: BTreeSet<_> = with_money.map(|(_, currency, _)| currency).collect();
    if currencies.is_empty() { vec![home] } else { currencies.into_iter().collect() }
}

impl Values {
    /// The metrics of some sums, whose money is in `currencies`, of which there is at least one.
    pub(crate) fn new(
        metrics: &[Metric],
        sums: &Sums,
        visitors: u64,
        currencies: &[Currency],
    ) -> Self {
        let value = |metric: &Metric| match currencies {
            [one] => metric.value(sums, *one, visitors),
            // Counts and ratios of counts are the same in any currency.
            [any, ..] if !metric.needs_currency() => metric.value(sums, *any, visitors),
            _ => Value::Null,
        };
        let money = || metrics.iter().filter(|metric| metric.needs_currency());
        let of = |currency: Currency| {
            money().map(|metric| (*metric, metric.value(sums, currency, visitors))).collect()
        };
        let split = currencies.len() > 1 && money().next().is_some();
        let apart = if split { currencies } else { &[] };
        Self {
            flat: metrics.iter().map(|metric| (*metric, value(metric))).collect(),
            by_currency: apart.iter().map(|currency| (*currency, of(*currency))).collect(),
        }
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (metric, value) in &self.flat {
            map.serialize_entry(metric.as_str(), value)?;
        }
        if !self.by_currency.is_empty() {
            map.serialize_entry("by_currency", &ByCurrency(&self.by_currency))?;
        }
        map.end()
    }
}

struct ByCurrency<'a>(&'a [(Currency, Vec<(Metric, Value)>)]);
struct Flat<'a>(&'a [(Metric, Value)]);

impl Serialize for ByCurrency<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(currency, values)| (currency, Flat(values))))
    }
}

impl Serialize for Flat<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(metric, value)| (metric.as_str(), value)))
    }
}
