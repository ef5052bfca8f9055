use chrono_tz::Tz;
use metrics::{Dimension, DimensionTest, Filter, Granularity, Level, TimeRange};
use money::Currency;

/// Which events to count, and by what.
#[derive(Clone, Debug)]
pub struct CellQuery<'a> {
    /// The time of the events.
    pub range: TimeRange,
    /// The length of the buckets; their starts are those of [`Granularity::buckets`].
    pub granularity: Granularity,
    /// The time zone of buckets, hours and weekdays.
    pub zone: Tz,
    /// The currency of events without one.
    pub home: Currency,
    /// Whether whole events or their products are counted.
    pub level: Level,
    /// The dimensions of the cells.
    pub by: &'a [Dimension],
    /// Only events for which it holds.
    pub filter: &'a Filter<DimensionTest>,
    /// Only some values of dimensions.
    pub keys: Keys<'a>,
}

/// Which values of dimensions are counted.
#[derive(Clone, Copy, Debug)]
pub enum Keys<'a> {
    /// All.
    All,
    /// Only these; there is at least one.
    Only(&'a [Dimension], &'a [Vec<String>]),
    /// All but these.
    Except(&'a [Dimension], &'a [Vec<String>]),
}
