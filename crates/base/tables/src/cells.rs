use std::sync::Arc;

use arrow_array::{
    ArrayRef, Decimal128Array, Float64Array, Int64Array, StringArray, TimestampMillisecondArray,
};
use arrow_schema::ArrowError;

/// The digits of a decimal: enough for every whole number of 64 bits, whatever its sign.
const DECIMAL_DIGITS: u8 = 20;
/// The zone in which readers show moments.
const UTC: &str = "UTC";

/// The cells of a column, from the first row to the last; `None` is null.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Texts.
    Texts(Vec<Option<String>>),
    /// Whole numbers.
    Integers(Vec<Option<i64>>),
    /// Exact decimals.
    Decimals {
        /// How many decimal places each has.
        places: i8,
        /// The numbers, counted in units of the last place.
        units: Vec<Option<i128>>,
    },
    /// Binary floating-point numbers.
    Floats(Vec<Option<f64>>),
    /// Moments, in milliseconds since 1970 in UTC.
    Moments(Vec<Option<i64>>),
}

impl Cells {
    /// Returns the cells as an Arrow array.
    ///
    /// # Errors
    /// A decimal has more places than digits.
    pub(crate) fn into_array(self) -> Result<ArrayRef, ArrowError> {
        let array: ArrayRef = match self {
            Self::Texts(texts) => Arc::new(StringArray::from(texts)),
            Self::Integers(integers) => Arc::new(Int64Array::from(integers)),
            Self::Decimals { places, units } => {
                let decimals = Decimal128Array::from(units);
                Arc::new(decimals.with_precision_and_scale(DECIMAL_DIGITS, places)?)
            }
            Self::Floats(floats) => Arc::new(Float64Array::from(floats)),
            Self::Moments(moments) => {
                Arc::new(TimestampMillisecondArray::from(moments).with_timezone(UTC))
            }
        };
        Ok(array)
    }
}
