use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use money::{Amount, Currency};

use crate::{Counter, MoneySum, QuarterHour};

/// Additive numbers of some stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    counts: BTreeMap<Counter, u64>,
    money: BTreeMap<(Currency, MoneySum), Amount>,
}

/// Sums per quarter hour; quarter hours without events are absent.
pub type QuarterSeries = BTreeMap<QuarterHour, Sums>;

impl Sums {
    /// Adds to a counter.
    pub fn add_count(&mut self, counter: Counter, count: u64) {
        if count > 0 {
            *self.counts.entry(counter).or_default() += count;
        }
    }

    /// Adds to a sum of money. Adding zero makes the currency known.
    pub fn add_money(&mut self, sum: MoneySum, currency: Currency, amount: Amount) {
        *self.money.entry((currency, sum)).or_default() += amount;
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (counter, count) in other.counts() {
            self.add_count(counter, count);
        }
        for (sum, currency, amount) in other.money_sums() {
            self.add_money(sum, currency, amount);
        }
    }

    /// A counter's number.
    pub fn count(&self, counter: Counter) -> u64 {
        self.counts.get(&counter).copied().unwrap_or_default()
    }

    /// A sum of money in one currency.
    pub fn money(&self, sum: MoneySum, currency: Currency) -> Amount {
        self.money.get(&(currency, sum)).copied().unwrap_or_default()
    }

    /// The counters that are not zero.
    pub fn counts(&self) -> impl Iterator<Item = (Counter, u64)> {
        self.counts.iter().map(|(counter, count)| (*counter, *count))
    }

    /// The sums of money there are.
    pub fn money_sums(&self) -> impl Iterator<Item = (MoneySum, Currency, Amount)> {
        self.money.iter().map(|((currency, sum), amount)| (*sum, *currency, *amount))
    }

    /// The currencies there is money in, in order, each once.
    pub fn currencies(&self) -> Vec<Currency> {
        let mut currencies: Vec<_> = self.money.keys().map(|(currency, _)| *currency).collect();
        currencies.dedup();
        currencies
    }
}

/// Sums `series` into the buckets that begin at `starts`, which ascend.
///
/// What lies before the first start is left out; the caller asked for none of it.
pub fn fold<'a>(
    starts: &[DateTime<Utc>],
    series: impl IntoIterator<Item = (DateTime<Utc>, &'a Sums)>,
) -> Vec<Sums> {
    let mut folded = vec![Sums::default(); starts.len()];
    for (time, sums) in series {
        let bucket = starts.partition_point(|start| *start <= time).checked_sub(1);
        if let Some(into) = bucket.and_then(|bucket| folded.get_mut(bucket)) {
            into.merge(sums);
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_keeps_currencies_apart() {
        let (eur, usd) = ("EUR".parse().unwrap(), "USD".parse().unwrap());
        let mut left = Sums::default();
        left.add_money(MoneySum::Spend, eur, Amount::from_micros(1));
        left.add_money(MoneySum::Sales, eur, Amount::from_micros(5));
        let mut right = Sums::default();
        right.add_money(MoneySum::Spend, usd, Amount::from_micros(2));
        right.add_money(MoneySum::Spend, eur, Amount::from_micros(3));
        left.merge(&right);
        assert_eq!(left.money(MoneySum::Spend, eur), Amount::from_micros(4));
        assert_eq!(left.money(MoneySum::Spend, usd), Amount::from_micros(2));
        assert_eq!(left.currencies(), [eur, usd]);
    }

    #[test]
    fn folding_puts_every_time_into_the_bucket_it_falls_in() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let mut one = Sums::default();
        one.add_count(Counter::Clicks, 1);
        let starts = [at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z")];
        let times = [
            "2026-02-28T23:45:00Z",
            "2026-03-01T00:00:00Z",
            "2026-03-01T23:45:00Z",
            "2026-03-02T00:00:00Z",
        ];
        let folded = fold(&starts, times.map(|time| (at(time), &one)));
        let clicks: Vec<_> = folded.iter().map(|sums| sums.count(Counter::Clicks)).collect();
        assert_eq!(clicks, [2, 1]);
    }
}
