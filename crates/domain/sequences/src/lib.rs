#![doc = include_str!("../README.md")]

mod attempt;
mod calendar;
mod cohorts;
mod error;
mod funnel;
mod funnel_breakdown;
mod funnel_counts;
mod moment;
mod retention;
mod search;
mod sessions;
mod span;

pub use attempt::{Attempt, Reached};
pub use calendar::Calendar;
pub use cohorts::{Average, Cell, CellState, Cohort, RetentionCounts, RetentionTable};
pub use error::DefinitionError;
pub use funnel::Funnel;
pub use funnel_breakdown::{BrokenDown, FunnelBreakdown};
pub use funnel_counts::{FunnelCounts, FunnelTotals, TimesToConvert};
pub use moment::Moment;
pub use retention::{Bracket, First, Measure, Retention, ReturnPeriod};
pub use sessions::{Session, SessionCounts, SessionGap};
pub use span::Span;

/// Returns a part of a whole; none if the whole is zero.
///
/// Numbers above 2^53 lose their last digits.
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
