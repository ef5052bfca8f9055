use std::{fmt, ops::AddAssign, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Amount, AmountError};

/// Thousandths in one.
const THOUSANDTHS: u64 = 1_000;

/// Up to this number of thousandths, every quantity is a different double.
const EXACT: u64 = 999_999_999_999_999;

/// A quantity, such as pieces, kilograms or metres: a whole number of thousandths, never negative.
///
/// In JSON it is a number, `2` or `0.75`, without trailing zeros, and exact up to a million
/// million. Addition saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u64);

/// Why a text is not a [`Quantity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not a plain decimal number, or negative.
    #[error("must be a decimal number such as 2 or 0.75")]
    NotDecimal,
    /// More decimal places than are stored; rounding would change the value sent.
    #[error("must have at most 3 decimal places")]
    TooPrecise,
    /// Beyond the range.
    #[error("must be at most 9,000,000,000,000")]
    TooLarge,
}

impl From<AmountError> for QuantityError {
    fn from(error: AmountError) -> Self {
        match error {
            AmountError::NotDecimal => Self::NotDecimal,
            AmountError::TooPrecise => Self::TooPrecise,
            AmountError::TooLarge => Self::TooLarge,
        }
    }
}

impl Quantity {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One piece.
    pub const ONE: Self = Self(THOUSANDTHS);

    /// Creates a quantity from thousandths, as stored.
    pub const fn from_thousandths(thousandths: u64) -> Self {
        Self(thousandths)
    }

    /// Returns the thousandths, as stored.
    pub const fn thousandths(self) -> u64 {
        self.0
    }

    /// Returns the sum; saturates.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Returns the quantity nearest to a number, and whether it is exact. More than three places
    /// are rounded half to even at the third.
    ///
    /// # Errors
    /// The text is not a decimal number, or is out of range.
    pub fn nearest(text: &str) -> Result<(Self, bool), QuantityError> {
        let (amount, is_exact) = Amount::nearest(text)?;
        let micros = u64::try_from(amount.micros()).map_err(|_| QuantityError::NotDecimal)?;
        let whole = micros / THOUSANDTHS;
        let rest = micros % THOUSANDTHS;
        let up = rest > 500 || (rest == 500 && whole % 2 == 1);
        Ok((Self(whole + u64::from(up)), is_exact && rest == 0))
    }

    fn decimal(self) -> Decimal {
        Decimal::from_i128_with_scale(i128::from(self.0), 3).normalize()
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = self.plus(other);
    }
}

/// Writes no trailing zeros: `2`, `0.75`.
impl fmt::Display for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decimal().fmt(out)
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        // A number of up to six places is exact as an amount.
        text.parse::<Amount>()?;
        let (quantity, is_exact) = Self::nearest(text)?;
        if is_exact { Ok(quantity) } else { Err(QuantityError::TooPrecise) }
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(THOUSANDTHS) {
            serializer.serialize_u64(self.0 / THOUSANDTHS)
        } else {
            // The double nearest to a decimal of 15 digits is written as that decimal again.
            serializer.serialize_f64(self.0 as f64 / THOUSANDTHS as f64)
        }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl de::Visitor<'_> for Number {
            type Value = Quantity;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a number of at least 0 with at most 3 decimal places")
            }

            fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Quantity, E> {
                let thousandths = whole.checked_mul(THOUSANDTHS);
                let beyond = || E::invalid_value(de::Unexpected::Unsigned(whole), &self);
                thousandths.map(Quantity).ok_or_else(beyond)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Quantity, E> {
                let thousandths = (number * THOUSANDTHS as f64).round();
                // Only the double nearest to a decimal of three places is exact.
                let exact = thousandths / THOUSANDTHS as f64 == number;
                if exact && (0.0..=EXACT as f64).contains(&thousandths) {
                    Ok(Quantity(thousandths as u64))
                } else {
                    Err(E::invalid_value(de::Unexpected::Float(number), &self))
                }
            }
        }

        deserializer.deserialize_any(Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_a_json_number_without_trailing_zeros() {
        for (thousandths, json) in [(0, "0"), (2_000, "2"), (750, "0.75"), (1_001, "1.001")] {
            let quantity = Quantity::from_thousandths(thousandths);
            assert_eq!(serde_json::to_string(&quantity).unwrap(), json);
            assert_eq!(quantity.to_string(), json);
            assert_eq!(serde_json::from_str::<Quantity>(json).unwrap(), quantity);
        }
        assert_eq!(serde_json::from_str::<Quantity>("2.0").unwrap().to_string(), "2");
    }

    #[test]
    fn text_that_is_not_an_exact_quantity_is_refused() {
        for wrong in ["-1", "0.0001", "1e300", "\"2\"", "null", "18446744073709551615"] {
            assert!(serde_json::from_str::<Quantity>(wrong).is_err(), "{wrong}");
        }
        assert_eq!("0.0001".parse::<Quantity>(), Err(QuantityError::TooPrecise));
        assert_eq!("-1".parse::<Quantity>(), Err(QuantityError::NotDecimal));
        assert_eq!("9e15".parse::<Quantity>(), Err(QuantityError::TooLarge));
        assert_eq!("1.0000".parse::<Quantity>(), Ok(Quantity::ONE));
    }

    #[test]
    fn a_quantity_finer_than_a_thousandth_is_rounded_and_reported() {
        for (sent, shown, exact) in [
            ("2.0", "2", true),
            ("0.3337", "0.334", false),
            ("0.0005", "0", false),
            ("0.30000000000000004", "0.3", false),
        ] {
            let (quantity, is_exact) = Quantity::nearest(sent).unwrap();
            assert_eq!((quantity.to_string().as_str(), is_exact), (shown, exact), "{sent}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_quantity_survives_its_json_and_its_text(thousandths in 0..=EXACT) {
            let quantity = Quantity::from_thousandths(thousandths);
            let json = serde_json::to_string(&quantity).unwrap();
            proptest::prop_assert_eq!(&json, &quantity.to_string());
            proptest::prop_assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), quantity);
            proptest::prop_assert_eq!(json.parse::<Quantity>(), Ok(quantity));
        }
    }
}
