//! Believable traffic of a shop, made up from a seed: the same seed and start give the same events.
//!
//! Visitors come with the curve of the day, look at pages, lists and products, see ads and click
//! some, fill carts, and sometimes buy or give back. Nothing here sends anything or reads a clock.

mod advertising;
mod catalogue;
mod day_curve;
mod session;
mod traffic;
mod visitors;

pub(crate) use traffic::{Curve, Traffic};
