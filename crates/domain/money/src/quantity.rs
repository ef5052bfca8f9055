use std::{fmt, ops::AddAssign, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Amount, AmountError};

/// Thousandths in one.
const THOUSANDTHS: u64 = 1_000;

/// Up to here, in thousandths, a double tells every quantity from its neighbours.
const EXACT: u64 = 999_999_999_999_999;

/// How much of something: a whole number of thousandths, never less than nothing.
///
/// Pieces, kilograms or metres alike. In JSON a number, `2` or `0.75`, without trailing zeros; up to
/// a million million it is exact. Addition saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u64);

/// Why a text is not a [`Quantity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not a plain decimal number, or less than nothing.
    #[error("must be a decimal number such as 2 or 0.75")]
    NotDecimal,
    /// More decimal places than are kept; rounding would change what was sent.
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
    /// None.
    pub const ZERO: Self = Self(0);
    /// One piece.
    pub const ONE: Self = Self(THOUSANDTHS);

    /// From thousandths, as the stores keep it.
    pub const fn from_thousandths(thousandths: u64) -> Self {
        Self(thousandths)
    }

    /// Thousandths, as the stores keep it.
    pub const fn thousandths(self) -> u64 {
        self.0
    }

    /// The sum; saturates.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The quantity nearest to a number, and whether it is that number: what has more than three
    /// places is rounded half to even at the third.
    ///
    /// # Errors
    /// When the text is no decimal number, or beyond the range.
    pub fn nearest(text: &str) -> Result<(Self, bool), QuantityError> {
        let (amount, is_exact) = Amount::nearest(text)?;
        let micros = u64::try_from(amount.micros()).map_err(|_| QuantityError::NotDecimal)?;
        let (whole, rest) = (micros / THOUSANDTHS, micros % THOUSANDTHS);
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

/// Without trailing zeros: `2`, `0.75`.
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
                // A decimal of three places is read as the double nearest to it, and no other is.
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
    fn is_a_json_number_without_trailing_zeros() {
        for (thousandths, json) in [(0, "0"), (2_000, "2"), (750, "0.75"), (1_001, "1.001")] {
            let quantity = Quantity::from_thousandths(thousandths);
            assert_eq!(serde_json::to_string(&quantity).unwrap(), json);
            assert_eq!(quantity.to_string(), json);
            assert_eq!(serde_json::from_str::<Quantity>(json).unwrap(), quantity);
        }
        assert_eq!(serde_json::from_str::<Quantity>("2.0").unwrap().to_string(), "2");
    }

    #[test]
    fn refuses_what_it_cannot_keep_exactly() {
        for wrong in ["-1", "0.0001", "1e300", "\"2\"", "null", "18446744073709551615"] {
            assert!(serde_json::from_str::<Quantity>(wrong).is_err(), "{wrong}");
        }
        assert_eq!("0.0001".parse::<Quantity>(), Err(QuantityError::TooPrecise));
        assert_eq!("-1".parse::<Quantity>(), Err(QuantityError::NotDecimal));
        assert_eq!("9e15".parse::<Quantity>(), Err(QuantityError::TooLarge));
        assert_eq!("1.0000".parse::<Quantity>(), Ok(Quantity::ONE));
    }

    #[test]
    fn what_is_finer_than_a_thousandth_is_rounded_and_told() {
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
