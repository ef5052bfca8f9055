//! Simulates plausible traffic of a shop from a seed: the same shop, seed and start give the same
//! events.
//!
//! Visitors come by the hours and weekdays of the shop's zone, view pages, lists and products, see
//! ads and click some, fill carts, and sometimes buy or return goods. Nothing here sends events or
//! reads a clock. `docs/simulator.md` describes the traffic.

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
