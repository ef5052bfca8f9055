use std::{collections::BTreeMap, ops::AddAssign};

use serde_json::Value;

/// The counts of one quarter hour of a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) impressions: u64,
    pub(crate) clicks: u64,
    pub(crate) orders: u64,
    pub(crate) units: u64,
}

/// Counts by the start of the quarter hour, in Unix seconds.
pub(crate) type Quarters = BTreeMap<i64, Counts>;

impl Counts {
    /// The names of these metrics in reports and live streams.
    pub(crate) const METRICS: &str = "impressions,clicks,orders,units_sold";

    /// Reads a bucket of a report or of a live stream.
    pub(crate) fn of_bucket(bucket: &Value) -> Self {
        let number = |name: &str| bucket.get(name).and_then(Value::as_u64).unwrap_or(0);
        Self {
            impressions: number("impressions"),
            clicks: number("clicks"),
            orders: number("orders"),
            units: number("units_sold"),
        }
    }

    /// Returns the number of events in `there` that are missing here.
    pub(crate) fn missing(&self, there: &Self) -> u64 {
        let events =
            |counts: &Self| [counts.impressions, counts.clicks, counts.orders, counts.units];
        events(self)
            .iter()
            .zip(events(there))
            .map(|(here, there)| there.saturating_sub(*here))
            .sum()
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.impressions += other.impressions;
        self.clicks += other.clicks;
        self.orders += other.orders;
        self.units += other.units;
    }
}
