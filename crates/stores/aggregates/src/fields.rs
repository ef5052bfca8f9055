//! The fields of a counter hash: `clicks:EUR`, `clicks` for events without a currency, `spend:EUR`
//! in millionths, `units_sold` in thousandths. In an hour's hash the quarter follows:
//! `clicks:EUR:2`, `clicks:2`, `spend:EUR:2`, `units_sold:2`.

use std::fmt::Display;

use metrics::{Counter, MoneySum, QuantitySum, Sums};
use money::{Amount, Quantity};

/// Returns each field's name, without a quarter, and what to add to it. Leaves out zeros.
pub(crate) fn increments(sums: &Sums) -> impl Iterator<Item = (String, String)> {
    let counts = sums.counts().map(|(counter, currency, count)| match currency {
        Some(currency) => field(format_args!("{}:{currency}", counter.as_str()), count),
        None => field(counter.as_str(), count),
    });
    let quantities = sums.quantities().map(|(sum, by)| field(sum.as_str(), by.thousandths()));
    let money = sums.money_sums().filter(|(_, _, amount)| *amount != Amount::ZERO);
    counts.chain(quantities).chain(money.map(|(sum, currency, amount)| {
        field(format_args!("{}:{currency}", sum.as_str()), amount.micros())
    }))
}

fn field(name: impl ToString, by: impl Display) -> (String, String) {
    (name.to_string(), by.to_string())
}

/// Adds the value of a field, named without a quarter, to `sums`. Returns `None` when it cannot be
/// read. Ignores unknown names, which later versions write.
pub(crate) fn read(sums: &mut Sums, name: &str, value: &str) -> Option<()> {
    let (name, currency) = match name.split_once(':') {
        Some((name, currency)) => (name, Some(currency.parse().ok()?)),
        None => (name, None),
    };
    if let Some(counter) = Counter::named(name) {
        sums.add_count(counter, currency, value.parse().ok()?);
    } else if let Some(sum) = QuantitySum::named(name) {
        sums.add_quantity(sum, Quantity::from_thousandths(value.parse().ok()?));
    } else if let Some(sum) = MoneySum::named(name) {
        sums.add_money(sum, currency?, Amount::from_micros(value.parse().ok()?));
    } else {
        value.parse::<i64>().ok()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_the_same_after_writing_and_reading_their_fields() {
        let mut sums = Sums::default();
        sums.add_count(Counter::ViewableImpressions, None, 61);
        sums.add_count(Counter::Orders, Some("EUR".parse().unwrap()), 7);
        sums.add_count(Counter::Orders, None, 1);
        sums.add_quantity(QuantitySum::UnitsSold, Quantity::from_thousandths(500));
        sums.add_money(MoneySum::Spend, "EUR".parse().unwrap(), Amount::from_micros(i64::MAX));
        sums.add_money(MoneySum::Sales, "JPY".parse().unwrap(), Amount::from_micros(-5));
        let mut back = Sums::default();
        for (name, value) in increments(&sums) {
            read(&mut back, &name, &value).unwrap();
        }
        assert_eq!(back, sums);
    }

    #[test]
    fn a_field_that_cannot_be_read_is_reported() {
        for (name, value) in [
            ("clicks", "-1"),
            ("clicks", "x"),
            ("units_sold", "0.5"),
            ("spend:eur", "1"),
            ("spend", "1"),
        ] {
            assert_eq!(read(&mut Sums::default(), name, value), None, "{name}={value}");
        }
    }

    #[test]
    fn fields_of_a_later_version_are_ignored() {
        let mut sums = Sums::default();
        for (name, value) in [("hovers", "7"), ("bonus:EUR", "7")] {
            assert_eq!(read(&mut sums, name, value), Some(()), "{name}");
        }
        assert_eq!(sums, Sums::default());
    }
}
