use metrics::{Distincts, Metric, Sums, Value};
use money::Currency;
use serde::{Serialize, Serializer, ser::SerializeMap};

/// Metrics by name, in the order of the request.
#[derive(Debug)]
pub(crate) struct Values {
    flat: Vec<(Metric, Value)>,
    by_currency: Vec<(Currency, Vec<(Metric, Value)>)>,
}

/// The currencies of an answer: the tenant's own, and others of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Currencies {
    /// The tenant's own: the currency of the amounts, also for events without a currency.
    pub(crate) own: Currency,
    /// The others, sorted: only `by_currency` contains their amounts.
    pub(crate) others: Vec<Currency>,
}

impl Currencies {
    /// Returns the currencies of some sums.
    pub(crate) fn of(sums: &Sums, own: Currency) -> Self {
        Self { own, others: sums.other_currencies(own).into_iter().collect() }
    }

    /// Returns all currencies, sorted, if there are several; otherwise none.
    fn separate(&self) -> Vec<Currency> {
        if self.others.is_empty() {
            return Vec::new();
        }
        let mut all = self.others.clone();
        all.push(self.own);
        all.sort_unstable();
        all
    }
}

impl Values {
    /// Returns the metrics of some sums: amounts in the tenant's own currency, and in each currency
    /// if there are others.
    pub(crate) fn new(
        metrics: &[Metric],
        sums: &Sums,
        distincts: Distincts,
        currencies: &Currencies,
    ) -> Self {
        let own = currencies.own;
        let of = |metrics: &mut dyn Iterator<Item = Metric>, currency| -> Vec<_> {
            metrics.map(|metric| (metric, metric.value(sums, currency, own, distincts))).collect()
        };
        let money = || metrics.iter().copied().filter(|metric| metric.needs_currency());
        let separate = if money().next().is_some() { currencies.separate() } else { Vec::new() };
        Self {
            flat: of(&mut metrics.iter().copied(), own),
            by_currency: separate
                .into_iter()
                .map(|currency| (currency, of(&mut money(), currency)))
                .collect(),
        }
    }
}

impl Values {
    /// Returns a metric's value in the tenant's own currency, or in another one.
    pub(crate) fn value(&self, metric: Metric, currency: Option<Currency>) -> Value {
        let values = match currency {
            None => Some(&self.flat),
            Some(currency) => {
                let own = self.by_currency.iter().find(|(own, _)| *own == currency);
                own.map(|(_, values)| values)
            }
        };
        let found = values.and_then(|values| values.iter().find(|(own, _)| *own == metric));
        found.map_or(Value::Null, |(_, value)| *value)
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
