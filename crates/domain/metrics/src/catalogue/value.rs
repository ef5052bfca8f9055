use money::{Amount, Quantity};
use serde::{Serialize, Serializer};

/// A metric's value over a range of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Count(u64),
    /// A number with up to three decimal places.
    Quantity(Quantity),
    /// A number with up to six decimal places, in millionths.
    Credit(u64),
    /// A number without a unit.
    Ratio(f64),
    /// An amount in the requested currency.
    Money(Amount),
    /// Not defined: the denominator is zero.
    Null,
}

/// Writes counts, quantities, credit and ratios as JSON numbers, money as a decimal string, undefined as
/// `null`.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u64(*count),
            Self::Quantity(quantity) => quantity.serialize(serializer),
            Self::Credit(millionths) => serializer.serialize_f64(*millionths as f64 / 1_000_000.0),
            Self::Ratio(ratio) => serializer.serialize_f64(*ratio),
            Self::Money(amount) => amount.serialize(serializer),
            Self::Null => serializer.serialize_none(),
        }
    }
}
