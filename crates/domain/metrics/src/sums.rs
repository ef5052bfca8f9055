use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use money::{Amount, Currency, Quantity};

use crate::{Buckets, Counter, MoneySum, QuantitySum, QuarterHour};

/// Additive numbers of a range of time; counts and money by the currency of the events.
///
/// An event without a currency counts under the tenant's currency at the time of reading. Sums
/// therefore keep such counts separate, and [`Sums::count_in`] takes the tenant's currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    counts: BTreeMap<(Counter, Option<Currency>), u64>,
    quantities: BTreeMap<QuantitySum, Quantity>,
    money: BTreeMap<(Currency, MoneySum), Amount>,
}

/// Sums per quarter hour; quarter hours without events are absent.
pub type QuarterSeries = BTreeMap<QuarterHour, Sums>;

impl Sums {
    /// Adds to a counter, for events in this currency, or without one.
    pub fn add_count(&mut self, counter: Counter, currency: Option<Currency>, count: u64) {
        if count > 0 {
            *self.counts.entry((counter, currency)).or_default() += count;
        }
    }

    /// Adds to a sum of quantities.
    pub fn add_quantity(&mut self, sum: QuantitySum, quantity: Quantity) {
        if quantity != Quantity::ZERO {
            *self.quantities.entry(sum).or_default() += quantity;
        }
    }

    /// Adds to a sum of money. Adding zero adds the currency.
    pub fn add_money(&mut self, sum: MoneySum, currency: Currency, amount: Amount) {
        *self.money.entry((currency, sum)).or_default() += amount;
    }

    /// Returns the part that the live counters contain.
    #[must_use]
    pub fn live(&self) -> Self {
        let mut live = self.clone();
        live.counts.retain(|(counter, _), _| counter.is_live());
        live.quantities.retain(|sum, _| sum.is_live());
        live.money.retain(|(_, sum), _| sum.is_live());
        live
    }

    /// Returns the sales, as those of the whole tenant.
    #[must_use]
    pub fn as_total_sales(&self) -> Self {
        let mut total = Self::default();
        let sales = self.money_sums().filter(|(sum, ..)| *sum == MoneySum::Sales);
        sales.for_each(|(_, currency, amount)| {
            total.add_money(MoneySum::TotalSales, currency, amount);
        });
        total
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (counter, currency, count) in other.counts() {
            self.add_count(counter, currency, count);
        }
        for (sum, quantity) in other.quantities() {
            self.add_quantity(sum, quantity);
        }
        for (sum, currency, amount) in other.money_sums() {
            self.add_money(sum, currency, amount);
        }
    }

    /// Returns a counter's number over all currencies.
    pub fn count(&self, counter: Counter) -> u64 {
        self.counts_of(counter).map(|(_, count)| count).sum()
    }

    /// Returns a counter's number for events in one currency; `home` is the currency of events
    /// without one.
    pub fn count_in(&self, counter: Counter, currency: Currency, home: Currency) -> u64 {
        let of_currency =
            self.counts_of(counter).filter(|(own, _)| own.unwrap_or(home) == currency);
        of_currency.map(|(_, count)| count).sum()
    }

    /// Returns a sum of quantities.
    pub fn quantity(&self, sum: QuantitySum) -> Quantity {
        self.quantities.get(&sum).copied().unwrap_or_default()
    }

    /// Returns a sum of money in one currency.
    pub fn money(&self, sum: MoneySum, currency: Currency) -> Amount {
        self.money.get(&(currency, sum)).copied().unwrap_or_default()
    }

    /// Returns the counters that are not zero, by the currency of the events.
    pub fn counts(&self) -> impl Iterator<Item = (Counter, Option<Currency>, u64)> {
        self.counts.iter().map(|((counter, currency), count)| (*counter, *currency, *count))
    }

    /// Returns the sums of quantities that are not zero.
    pub fn quantities(&self) -> impl Iterator<Item = (QuantitySum, Quantity)> {
        self.quantities.iter().map(|(sum, quantity)| (*sum, *quantity))
    }

    /// Returns all sums of money.
    pub fn money_sums(&self) -> impl Iterator<Item = (MoneySum, Currency, Amount)> {
        self.money.iter().map(|((currency, sum), amount)| (*sum, *currency, *amount))
    }

    /// Returns the currencies other than `home`, in order, that have money or a count that divides
    /// money. The sales of the whole tenant do not count: they are not of what is summed here.
    pub fn other_currencies(&self, home: Currency) -> BTreeSet<Currency> {
        let money = self
            .money_sums()
            .filter(|(sum, _, amount)| *sum != MoneySum::TotalSales && *amount != Amount::ZERO);
        let counted = self.counts().filter(|(counter, ..)| counter.divides_money());
        let named = money
            .map(|(_, currency, _)| currency)
            .chain(counted.filter_map(|(_, currency, _)| currency));
        named.filter(|currency| *currency != home).collect()
    }

    fn counts_of(&self, counter: Counter) -> impl Iterator<Item = (Option<Currency>, u64)> {
        let own = self.counts().filter(move |(known, ..)| *known == counter);
        own.map(|(_, currency, count)| (currency, count))
    }
}

/// Sums `series` by bucket.
///
/// Times before the first bucket are ignored: they are outside the requested range.
pub fn fold<'a>(
    buckets: &Buckets,
    series: impl IntoIterator<Item = (DateTime<Utc>, &'a Sums)>,
) -> Vec<Sums> {
    let mut folded = vec![Sums::default(); buckets.starts().len()];
    for (time, sums) in series {
        if let Some(into) = buckets.position(time).and_then(|bucket| folded.get_mut(bucket)) {
            into.merge(sums);
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Granularity, TimeRange};

    #[test]
    fn merging_keeps_currencies_apart() {
        let eur = "EUR".parse().unwrap();
        let usd = "USD".parse().unwrap();
        let mut left = Sums::default();
        left.add_money(MoneySum::Spend, eur, Amount::from_micros(1));
        left.add_money(MoneySum::Sales, eur, Amount::from_micros(5));
        let mut right = Sums::default();
        right.add_money(MoneySum::Spend, usd, Amount::from_micros(2));
        right.add_money(MoneySum::Spend, eur, Amount::from_micros(3));
        left.merge(&right);
        assert_eq!(left.money(MoneySum::Spend, eur), Amount::from_micros(4));
        assert_eq!(left.money(MoneySum::Spend, usd), Amount::from_micros(2));
        assert_eq!(left.other_currencies(eur), [usd].into());
    }

    #[test]
    fn the_live_part_has_no_counter_of_the_warehouse_alone() {
        let mut sums = Sums::default();
        sums.add_count(Counter::PageViews, None, 3);
        sums.add_quantity(QuantitySum::UnitsRefunded, Quantity::from_thousandths(1));
        sums.add_money(MoneySum::Refunded, "EUR".parse().unwrap(), Amount::from_micros(1));
        assert_eq!(sums.live(), Sums::default());
        sums.add_count(Counter::Clicks, None, 1);
        assert_eq!((sums.live().count(Counter::Clicks), sums.count(Counter::PageViews)), (1, 3));
    }

    #[test]
    fn counts_keep_the_currency_of_their_events() {
        let eur = "EUR".parse().unwrap();
        let usd = "USD".parse().unwrap();
        let mut sums = Sums::default();
        sums.add_count(Counter::Orders, Some(eur), 1);
        sums.add_count(Counter::Orders, Some(usd), 2);
        sums.add_count(Counter::Orders, None, 4);
        sums.add_count(Counter::Clicks, Some(usd), 8);
        assert_eq!(sums.count(Counter::Orders), 7);
        assert_eq!(
            sums.count_in(Counter::Orders, eur, eur),
            5,
            "events without a currency count under the tenant's"
        );
        assert_eq!(sums.count_in(Counter::Orders, usd, eur), 2);
        assert_eq!(sums.count_in(Counter::Orders, usd, usd), 6);
        assert_eq!(sums.other_currencies(eur), [usd].into());
    }

    #[test]
    fn a_currency_is_listed_if_it_has_money_or_a_count_that_divides_money() {
        let (eur, usd, gbp) =
            ("EUR".parse().unwrap(), "USD".parse().unwrap(), "GBP".parse().unwrap());
        let mut sums = Sums::default();
        sums.add_money(MoneySum::Spend, gbp, Amount::ZERO);
        sums.add_count(Counter::ProductViews, Some(gbp), 1);
        assert!(sums.other_currencies(eur).is_empty());
        sums.add_count(Counter::Orders, Some(gbp), 1);
        sums.add_money(MoneySum::Sales, usd, Amount::from_micros(1));
        assert_eq!(sums.other_currencies(eur), [gbp, usd].into());
    }

    #[test]
    fn folding_adds_every_time_to_its_bucket() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let mut one = Sums::default();
        one.add_count(Counter::Clicks, None, 1);
        let from = at("2026-03-01T00:00:00Z");
        let to = at("2026-03-03T00:00:00Z");
        let range = TimeRange::covering(from, to).unwrap();
        let days = Granularity::Day.buckets(range, chrono_tz::UTC);
        let times = [
            "2026-02-28T23:45:00Z",
            "2026-03-01T00:00:00Z",
            "2026-03-01T23:45:00Z",
            "2026-03-02T00:00:00Z",
        ];
        let folded = fold(&days, times.map(|time| (at(time), &one)));
        let clicks: Vec<_> = folded.iter().map(|sums| sums.count(Counter::Clicks)).collect();
        assert_eq!(clicks, [2, 1]);
    }
}
