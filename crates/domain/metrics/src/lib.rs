#![doc = include_str!("../README.md")]

mod buckets;
mod catalogue;
mod clock;
mod counters;
mod granularity;
mod quarter_hour;
mod sums;
mod time_range;

pub use buckets::Buckets;
pub use catalogue::{Additivity, Definition, Metric, Unit, UnknownMetric, Value};
pub use counters::{Counter, MoneySum, QuantitySum};
pub use granularity::{Granularity, UnknownGranularity};
pub use quarter_hour::QuarterHour;
pub use sums::{QuarterSeries, Sums, fold};
pub use time_range::{RangeError, TimeRange};
