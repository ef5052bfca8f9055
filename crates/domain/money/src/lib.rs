#![doc = include_str!("../README.md")]

mod amount;
mod currency;

pub use amount::{Amount, AmountError};
pub use currency::{Currency, CurrencyError};
