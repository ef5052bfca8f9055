#![doc = include_str!("../README.md")]

mod buckets;
mod catalogue;
mod clock;
mod comparison;
mod counters;
mod declared;
mod dimension;
mod dimensions;
mod distincts;
mod filter;
mod finished;
mod granularity;
mod membership;
mod quarter_hour;
mod sums;
mod time_range;
mod windows;

pub use buckets::Buckets;
pub use catalogue::{Additivity, Definition, Metric, Unit, UnknownMetric, Value};
pub use comparison::{Align, Comparison, Match, Pair, Period};
pub use counters::{Counter, MoneySum, QuantitySum};
pub use declared::{
    DeclaredDimension, DeclaredName, DeclaredNameError, PropertyPointer, PropertyPointerError,
    PropertyType, UnknownPropertyType,
};
pub use dimension::{Dimension, Level, UnknownDimension};
pub use dimensions::Dimensions;
pub use distincts::{Distinct, Distincts};
pub use filter::{DimensionTest, EventTest, Filter, TextTest};
pub use finished::{is_finished, is_late};
pub use granularity::{Granularity, UnknownGranularity};
pub use membership::{MemberKey, Membership};
pub use quarter_hour::QuarterHour;
pub use sums::{QuarterSeries, Sums, fold};
pub use time_range::{RangeError, TimeRange};
pub use windows::{TimeWindow, WindowError, Windows};
