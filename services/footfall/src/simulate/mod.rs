//! Believable traffic of a shop, made up from a seed: the same shop, seed and start give the same
//! events.
//!
//! Visitors come with the hours and weekdays of the shop's zone, look at pages, lists and products,
//! see ads and click some, fill carts, and sometimes buy or give back. Nothing here sends anything
//! or reads a clock. `docs/simulator.md` says what comes out.

mod advertising;
mod calendar;
mod catalogue;
mod chance;
#[cfg(test)]
mod ratios;
mod session;
mod shop;
mod shop_check;
mod shop_file;
mod traffic;
mod visitors;

pub(crate) use shop_file::ShopFile;
pub(crate) use traffic::{Curve, Traffic};
