use chrono_tz::Tz;
use uuid::Uuid;

use crate::{DimensionTest, Filter, TimeRange};

/// Who belongs to a kept cohort: visitors or customers, by what they did.
///
/// It tests dimensions only, so no cohort depends on another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Membership {
    /// The cohort.
    pub cohort: Uuid,
    /// What its members are.
    pub by: MemberKey,
    /// The events that count.
    pub did: Filter<DimensionTest>,
    /// How many such events a member has at least.
    pub at_least: u32,
    /// The time of the events.
    pub time: TimeRange,
    /// The time zone of their hours and weekdays.
    pub zone: Tz,
}

/// What the members of a kept cohort are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberKey {
    /// Visitors.
    Visitor,
    /// Customers.
    Customer,
}
