//! The fields of a counter hash: `clicks`, `spend:EUR` (in millionths), and for hours the quarter
//! after it: `clicks:2`, `spend:EUR:2`.

use std::fmt::Display;

use metrics::{Counter, MoneySum, Sums};
use money::Amount;

/// Each field's name without a quarter, and what to add to it. Adding nothing makes no field.
pub(crate) fn increments(sums: &Sums) -> impl Iterator<Item = (String, String)> {
    let counts = sums.counts().map(|(counter, count)| field(counter.as_str(), count));
    let money = sums.money_sums().filter(|(_, _, amount)| *amount != Amount::ZERO);
    counts.chain(money.map(|(sum, currency, amount)| {
        field(format_args!("{}:{currency}", sum.as_str()), amount.micros())
    }))
}

fn field(name: impl ToString, by: impl Display) -> (String, String) {
    (name.to_string(), by.to_string())
}

/// Adds the value of a field, named without a quarter; `None` when it is none. A name that is not
/// known is a later version's, and left out.
pub(crate) fn read(sums: &mut Sums, name: &str, value: &str) -> Option<()> {
    match name.split_once(':') {
        None => {
            let count = value.parse().ok()?;
            if let Some(counter) = Counter::named(name) {
                sums.add_count(counter, count);
            }
        }
        Some((sum, currency)) => {
            let amount = Amount::from_micros(value.parse().ok()?);
            let currency = currency.parse().ok()?;
            if let Some(sum) = MoneySum::named(sum) {
                sums.add_money(sum, currency, amount);
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_survive_their_fields() {
        let mut sums = Sums::default();
        sums.add_count(Counter::ViewableImpressions, 61);
        sums.add_money(MoneySum::Spend, "EUR".parse().unwrap(), Amount::from_micros(i64::MAX));
        sums.add_money(MoneySum::Sales, "JPY".parse().unwrap(), Amount::from_micros(-5));
        let mut back = Sums::default();
        for (name, value) in increments(&sums) {
            read(&mut back, &name, &value).unwrap();
        }
        assert_eq!(back, sums);
    }

    #[test]
    fn what_is_not_a_field_is_told() {
        for (name, value) in [("clicks", "-1"), ("clicks", "x"), ("spend:eur", "1")] {
            assert_eq!(read(&mut Sums::default(), name, value), None, "{name}={value}");
        }
    }

    #[test]
    fn fields_of_a_later_version_are_left_out() {
        let mut sums = Sums::default();
        for (name, value) in [("hovers", "7"), ("bonus:EUR", "7")] {
            assert_eq!(read(&mut sums, name, value), Some(()), "{name}");
        }
        assert_eq!(sums, Sums::default());
    }
}
