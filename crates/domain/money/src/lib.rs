#![doc = include_str!("../README.md")]

mod amount;
mod currency;
mod quantity;

pub use amount::{Amount, AmountError};
pub use currency::{Currency, CurrencyError};
pub use quantity::{Quantity, QuantityError};
