//! Sums of credits by segment, bucket and currency.

use std::collections::{BTreeMap, BTreeSet};

use attribution::{DateBasis, Journey, Rule};
use chrono::{DateTime, Utc};
use metrics::{Buckets, Counter, MoneySum, QuantitySum, Sums, TimeRange};
use money::{Amount, Currency, Quantity};

use super::orders::{Path, Segments};

/// The credit of a segment in a bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Credits {
    /// In millionths of an order.
    pub(super) orders: u64,
    /// In thousandths, before refunds.
    pub(super) units: u64,
    pub(super) money: BTreeMap<Currency, CreditedMoney>,
}

/// Amounts of one currency, before refunds unless they say otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CreditedMoney {
    pub(super) sales: Amount,
    pub(super) net_sales: Amount,
    pub(super) promoted: Amount,
    pub(super) halo: Amount,
    pub(super) assisted: Amount,
    /// What the ads cost.
    pub(super) spend: Amount,
}

/// The credits under one rule.
#[derive(Debug, Default)]
pub(super) struct RuleCredits {
    /// By the segment's number and the bucket's index; only of campaigns that the credential may see.
    pub(super) credits: BTreeMap<(u32, usize), Credits>,
    /// Orders of which no line has credit; only by date of conversion.
    pub(super) without_credit: u64,
}

/// Where a credit is counted.
pub(super) struct Places<'a> {
    pub(super) range: TimeRange,
    pub(super) buckets: &'a Buckets,
    pub(super) basis: DateBasis,
    /// By how many of its first values of the dimensions an ad is named; none if its credit is not counted.
    pub(super) named_by: &'a (dyn Fn(&[String]) -> Option<usize> + Sync),
}

impl Places<'_> {
    fn bucket(&self, milliseconds: i64) -> Option<usize> {
        let time = DateTime::<Utc>::from_timestamp_millis(milliseconds)?;
        self.buckets.position(time).filter(|_| self.range.contains(time))
    }
}

impl Credits {
    pub(super) fn merge(&mut self, other: &Self) {
        self.orders += other.orders;
        self.units += other.units;
        for (currency, money) in &other.money {
            let own = self.money.entry(*currency).or_default();
            own.sales += money.sales;
            own.net_sales += money.net_sales;
            own.promoted += money.promoted;
            own.halo += money.halo;
            own.assisted += money.assisted;
            own.spend += money.spend;
        }
    }

    /// Returns the credit as sums of the catalogue, without what the ads cost.
    pub(super) fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        sums.add_count(Counter::AttributedOrders, None, self.orders);
        let units = Quantity::from_thousandths(self.units);
        sums.add_quantity(QuantitySum::AttributedUnits, units);
        for (currency, money) in &self.money {
            for (sum, amount) in [
                (MoneySum::AttributedSales, money.sales),
                (MoneySum::AttributedNetSales, money.net_sales),
                (MoneySum::PromotedSales, money.promoted),
                (MoneySum::HaloSales, money.halo),
                (MoneySum::AssistedSales, money.assisted),
            ] {
                sums.add_money(sum, *currency, amount);
            }
        }
        sums
    }
}

impl RuleCredits {
    /// Adds the credits of one key's orders.
    pub(super) fn add(
        &mut self,
        rule: Rule,
        path: &Path<'_>,
        segments: &mut Segments,
        places: &Places<'_>,
    ) {
        let journey = Journey::new(rule, &path.touches);
        let mut credited = BTreeSet::new();
        for credit in journey.credits(&path.orders) {
            credited.insert(credit.order);
            let Some(bucket) = places.bucket(credit.time(places.basis)) else {
                continue;
            };
            let Some((segment, currency)) = of(path, segments, places, credit.touch, credit.order)
            else {
                continue;
            };
            let sums = self.credits.entry((segment, bucket)).or_default();
            sums.orders += credit.orders;
            sums.units += Quantity::thousandths(credit.quantity);
            let money = sums.money.entry(currency).or_default();
            money.sales += credit.amount;
            money.net_sales += credit.net();
            let kind = if credit.promoted { &mut money.promoted } else { &mut money.halo };
            *kind += credit.amount;
        }
        for assist in journey.assists(&path.orders).filter(|assist| assist.counts) {
            let order = path.orders.get(assist.order).map(|order| order.time);
            let touch = path.touches.get(assist.touch).map(|touch| touch.time);
            let time = match places.basis {
                DateBasis::Interaction => touch,
                DateBasis::Conversion => order,
            };
            let Some(bucket) = time.and_then(|time| places.bucket(time)) else {
                continue;
            };
            let Some((segment, currency)) = of(path, segments, places, assist.touch, assist.order)
            else {
                continue;
            };
            let sums = self.credits.entry((segment, bucket)).or_default();
            sums.money.entry(currency).or_default().assisted += assist.amount;
        }
        let all = path.orders.iter().enumerate();
        let without = all.filter(|(index, order)| {
            !credited.contains(index) && places.bucket(order.time).is_some()
        });
        self.without_credit += without.count() as u64;
    }
}

/// Returns the segment of a touch, if the credential may see it and its credit is counted, and the currency of an
/// order.
fn of(
    path: &Path<'_>,
    segments: &mut Segments,
    places: &Places<'_>,
    touch: usize,
    order: usize,
) -> Option<(u32, Currency)> {
    let keys = (*path.keys.get(touch)?)?;
    let keys = keys.get(..(places.named_by)(keys)?)?;
    Some((segments.number(keys), *path.currencies.get(order)?))
}
