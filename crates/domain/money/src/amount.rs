use std::{fmt, ops::AddAssign, str::FromStr};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Quantity;

/// Decimal places of an [`Amount`].
const SCALE: u32 = 6;
/// The longest text that is read as a number, in bytes: a double has up to 1,075 decimal places.
const LONGEST: usize = 1_100;

/// A sum of money: a whole number of millionths of the currency's unit.
///
/// The range is ±9.2 trillion units. Addition saturates at its ends. With the maximum per event, no
/// real quarter hour reaches them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

/// Why a text is not an [`Amount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a plain decimal number.
    #[error("must be a decimal number such as 12.50")]
    NotDecimal,
    /// More decimal places than are stored; rounding would change the value sent.
    #[error("must have at most 6 decimal places")]
    TooPrecise,
    /// Beyond the range.
    #[error("must be at most 9,000,000,000,000")]
    TooLarge,
}

impl Amount {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// The maximum of one event in a currency such as the euro (10 million units); see
    /// [`Currency::event_max`](crate::Currency::event_max) for the others.
    pub const EVENT_MAX: Self = Self(10_000_000_000_000);

    /// Creates an amount from millionths of a unit, as stored.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the millionths of a unit, as stored.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Multiplies the amount by `quantity`, rounded half to even at six places; saturates.
    pub fn times(self, quantity: Quantity) -> Self {
        const THOUSAND: i128 = 1_000;
        // Each factor has at most 64 bits, so product and rounding fit into 128.
        let product = i128::from(self.0) * i128::from(quantity.thousandths());
        let whole = product.div_euclid(THOUSAND);
        let rest = product.rem_euclid(THOUSAND);
        let up = rest * 2 > THOUSAND || (rest * 2 == THOUSAND && whole % 2 != 0);
        let micros = whole + i128::from(up);
        let end = if micros < 0 { i64::MIN } else { i64::MAX };
        Self(i64::try_from(micros).unwrap_or(end))
    }

    /// Returns the sum; saturates.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Returns the difference; saturates.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Divides the amount by a count, rounded half to even at six places; `None` for a zero count.
    pub fn per(self, count: u64) -> Option<Self> {
        let quotient = self.decimal().checked_div(Decimal::from(count))?;
        Self::rounded(quotient)
    }

    /// Returns the amount per thousand of a count; `None` for a zero count.
    pub fn per_thousand(self, count: u64) -> Option<Self> {
        let quotient =
            self.decimal().checked_mul(Decimal::ONE_THOUSAND)?.checked_div(Decimal::from(count))?;
        Self::rounded(quotient)
    }

    /// Divides the amount by `other`; `None` if `other` is zero.
    pub fn ratio(self, other: Self) -> Option<f64> {
        (other.0 != 0).then(|| self.0 as f64 / other.0 as f64)
    }

    /// Returns the amount nearest to a number, and whether it is exact. More than six places, such
    /// as a double's `5.989999999999998`, are rounded half to even at the sixth.
    ///
    /// # Errors
    /// The text is not a decimal number, or is out of range.
    pub fn nearest(text: &str) -> Result<(Self, bool), AmountError> {
        if !is_exponential(text)? {
            let value = Decimal::from_str(text).map_err(reason)?;
            let amount = Self::rounded(value).ok_or(AmountError::TooLarge)?;
            return Ok((amount, amount.decimal() == value));
        }
        let value = match Decimal::from_scientific_lossy(text) {
            // Smaller than a decimal can hold, and far smaller than a millionth.
            Err(rust_decimal::Error::ScaleExceedsMaximumPrecision(_)) if is_tiny(text) => {
                return Ok((Self::ZERO, false));
            }
            value => value.map_err(reason)?,
        };
        let amount = Self::rounded(value).ok_or(AmountError::TooLarge)?;
        let is_exact = Decimal::from_scientific(text).is_ok_and(|exact| exact == amount.decimal());
        Ok((amount, is_exact))
    }

    fn decimal(self) -> Decimal {
        Decimal::from_i128_with_scale(i128::from(self.0), SCALE)
    }

    fn rounded(value: Decimal) -> Option<Self> {
        Self::of_scale(value.round_dp_with_strategy(SCALE, RoundingStrategy::MidpointNearestEven))
            .ok()
    }

    /// Creates an amount from a decimal of at most six places.
    fn of_scale(mut value: Decimal) -> Result<Self, AmountError> {
        value.rescale(SCALE);
        if value.scale() != SCALE {
            return Err(AmountError::TooLarge);
        }
        i64::try_from(value.mantissa()).map(Self).map_err(|_| AmountError::TooLarge)
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = self.plus(other);
    }
}

/// Writes two to six decimal places: `12.50`, `0.0125`.
impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad_integral(self.0 >= 0, "", Digits::of(self.0.unsigned_abs()).as_str())
    }
}

/// The longest text of an amount without its sign: 13 digits, a point and 6 digits.
const DIGITS: usize = 20;

/// The text of an amount without its sign.
struct Digits {
    text: [u8; DIGITS],
    start: usize,
    end: usize,
}

impl Digits {
    fn of(mut micros: u64) -> Self {
        let mut text = [b'0'; DIGITS];
        let mut start = DIGITS;
        let mut end = DIGITS;
        for (place, byte) in text.iter_mut().enumerate().rev() {
            let places = DIGITS - 1 - place;
            if places == SCALE as usize {
                *byte = b'.';
            } else {
                // A digit is less than ten.
                *byte = b'0' + (micros % 10) as u8;
                micros /= 10;
            }
            // Trailing zeros are left out, up to two places.
            if place + 1 == end && *byte == b'0' && places < SCALE as usize - 2 {
                end = place;
            }
            start = place;
            if micros == 0 && places > SCALE as usize {
                break;
            }
        }
        Self { text, start, end }
    }

    fn as_str(&self) -> &str {
        // All of them are ASCII.
        self.text.get(self.start..self.end).and_then(|text| str::from_utf8(text).ok()).unwrap_or("")
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        if let Some(amount) = plain(text) {
            return Ok(amount);
        }
        let is_exponential = is_exponential(text)?;
        let value = if is_exponential {
            Decimal::from_scientific(text)
        } else {
            Decimal::from_str_exact(text)
        };
        let value = value.map_err(reason)?.normalize();
        if value.scale() > SCALE {
            return Err(AmountError::TooPrecise);
        }
        Self::of_scale(value)
    }
}

/// Reads the form that is written: up to 12 digits, a point, up to six digits. `None` for any other
/// form.
fn plain(text: &str) -> Option<Amount> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, decimals) = digits.split_once('.')?;
    if !(1..=12).contains(&whole.len()) || !(1..=6).contains(&decimals.len()) {
        return None;
    }
    let number = |digits: &str| {
        let add = |number: i64, byte: u8| {
            byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
        };
        digits.bytes().try_fold(0, add)
    };
    let missing = SCALE - u32::try_from(decimals.len()).ok()?;
    let micros = number(whole)? * 10_i64.pow(SCALE) + number(decimals)? * 10_i64.pow(missing);
    Some(Amount(if is_negative { -micros } else { micros }))
}

/// Returns whether the exponent of a number is negative.
fn is_tiny(text: &str) -> bool {
    text.contains("e-") || text.contains("E-")
}

/// Returns whether a number has an exponent; an error if the text is not a number.
fn is_exponential(text: &str) -> Result<bool, AmountError> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let digits_first = plain.starts_with(|c: char| c.is_ascii_digit());
    if !digits_first || text.len() > LONGEST || text.contains('_') {
        return Err(AmountError::NotDecimal);
    }
    Ok(plain.contains(['e', 'E']))
}

fn reason(error: rust_decimal::Error) -> AmountError {
    match error {
        rust_decimal::Error::Underflow => AmountError::TooPrecise,
        rust_decimal::Error::ExceedsMaximumPossibleValue => AmountError::TooLarge,
        _ => AmountError::NotDecimal,
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 < 0 {
            return serializer.collect_str(self);
        }
        serializer.serialize_str(Digits::of(self.0.unsigned_abs()).as_str())
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_to_six_decimal_places_are_shown() {
        for (sent, shown) in [
            ("12.5", "12.50"),
            ("0", "0.00"),
            ("0.000001", "0.000001"),
            ("-3", "-3.00"),
            ("1e2", "100.00"),
            ("9000000000000.1", "9000000000000.10"),
        ] {
            assert_eq!(sent.parse::<Amount>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn text_that_is_not_an_exact_amount_is_refused() {
        assert_eq!("0.0000001".parse::<Amount>(), Err(AmountError::TooPrecise));
        assert_eq!("9e15".parse::<Amount>(), Err(AmountError::TooLarge));
        for wrong in ["", "-", "abc", "NaN", "1,5", ".5", "0x10", "1__0", "1e30"] {
            assert!(wrong.parse::<Amount>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_noise_of_a_double_is_rounded_and_reported() {
        for (sent, shown, exact) in [
            ("5.989999999999998", "5.99", false),
            ("0.30000000000000004", "0.30", false),
            ("12.500000000", "12.50", true),
            ("1e-7", "0.00", false),
            ("-1e-17", "0.00", false),
            ("5.551115123125783e-17", "0.00", false),
            ("1e-300", "0.00", false),
            ("1.5e-6", "0.000002", false),
            ("1.25e1", "12.50", true),
            ("0.1000000000000000055511151231257827021181583404541015625", "0.10", false),
            ("0.0000005", "0.00", false),
            ("0.0000015", "0.000002", false),
            ("34990000", "34990000.00", true),
        ] {
            let (amount, is_exact) = Amount::nearest(sent).unwrap();
            assert_eq!((amount.to_string().as_str(), is_exact), (shown, exact), "{sent}");
        }
        assert_eq!(Amount::nearest("9e15"), Err(AmountError::TooLarge));
        assert!(Amount::nearest("1e300").is_err());
        assert_eq!(Amount::nearest("12,50"), Err(AmountError::NotDecimal));
    }

    #[test]
    fn dividing_by_zero_returns_none() {
        assert_eq!(Amount::from_micros(5).per(0), None);
        assert_eq!(Amount::from_micros(5).ratio(Amount::ZERO), None);
    }

    #[test]
    fn cost_per_click_is_rounded_to_six_places() {
        let spend: Amount = "10".parse().unwrap();
        assert_eq!(spend.per(3).unwrap().to_string(), "3.333333");
    }

    #[test]
    fn a_product_is_rounded_half_to_even_at_the_sixth_place() {
        for (micros, thousandths, product) in [
            (2_500_000, 2_000, 5_000_000),
            (1, 500, 0),
            (3, 500, 2),
            (1, 501, 1),
            (-1, 500, 0),
            (-3, 500, -2),
            (i64::MAX, 1_001, i64::MAX),
            (i64::MIN, 1_001, i64::MIN),
            (i64::MAX, u64::MAX, i64::MAX),
            (i64::MIN, u64::MAX, i64::MIN),
        ] {
            let quantity = Quantity::from_thousandths(thousandths);
            assert_eq!(Amount::from_micros(micros).times(quantity).micros(), product, "{micros}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_amount_survives_its_text(micros: i64) {
            let amount = Amount::from_micros(micros);
            proptest::prop_assert_eq!(amount.to_string().parse::<Amount>(), Ok(amount));
            let json = serde_json::to_string(&amount).unwrap();
            proptest::prop_assert_eq!(json, format!("\"{amount}\""));
        }

        #[test]
        fn the_form_that_is_written_is_read_as_any_other(text in "-?[0-9]{1,13}\\.[0-9]{1,7}") {
            let exact = Decimal::from_str_exact(&text).unwrap().normalize();
            let expected = if exact.scale() > SCALE { Err(AmountError::TooPrecise) } else { Amount::of_scale(exact) };
            proptest::prop_assert_eq!(text.parse::<Amount>(), expected);
        }

        #[test]
        fn no_text_panics(text in ".{0,48}") {
            let _ = text.parse::<Amount>();
            let _ = Amount::nearest(&text);
        }
    }
}
