use metrics::{Dimension, Level};

/// A rollup that is kept when its rows expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptRollup {
    /// Events by campaign.
    Campaign,
    /// Units and sales of products.
    Product,
    /// Events by referrer, device and country.
    Source,
}

impl KeptRollup {
    /// Returns the one that answers a query of this level by these dimensions; `counts` as in
    /// [`CellQuery::counts`](crate::CellQuery::counts). Each has buckets of any length, hours and weekdays, types of
    /// events and currencies.
    pub fn of<'a>(
        level: Level,
        counts: bool,
        dimensions: impl IntoIterator<Item = &'a Dimension>,
    ) -> Option<Self> {
        let used: Vec<_> = dimensions.into_iter().collect();
        let candidates: &[Self] = match level {
            Level::Event => &[Self::Campaign, Self::Source],
            Level::Product if counts => &[],
            Level::Product => &[Self::Product],
        };
        let mut candidates = candidates.iter().copied();
        candidates.find(|rollup| used.iter().all(|dimension| rollup.has(dimension)))
    }

    /// Returns the name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Product => "product",
            Self::Source => "source",
        }
    }

    const fn has(self, dimension: &Dimension) -> bool {
        match dimension {
            Dimension::EventType
            | Dimension::Currency
            | Dimension::HourOfDay
            | Dimension::DayOfWeek => true,
            Dimension::Campaign | Dimension::Advertiser => matches!(self, Self::Campaign),
            Dimension::Product => matches!(self, Self::Product),
            Dimension::Referrer | Dimension::Device | Dimension::Country => {
                matches!(self, Self::Source)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollup_answers_what_it_has_all_dimensions_of() {
        use Dimension::{Ad, Advertiser, Campaign, Country, Device, HourOfDay, Product};
        use KeptRollup as Kept;
        let event = |dimensions: &[Dimension]| Kept::of(Level::Event, true, dimensions);
        for (dimensions, rollup) in [
            (&[][..], Some(Kept::Campaign)),
            (&[Campaign, HourOfDay], Some(Kept::Campaign)),
            (&[Advertiser], Some(Kept::Campaign)),
            (&[Device, Country], Some(Kept::Source)),
            (&[Campaign, Device], None),
            (&[Ad], None),
            (&[Product], None),
        ] {
            assert_eq!(event(dimensions), rollup, "{dimensions:?}");
        }
        assert_eq!(Kept::of(Level::Product, false, &[Product]), Some(Kept::Product));
        assert_eq!(Kept::of(Level::Product, false, &[Product, Device]), None);
        // It has the number of lines, which may be several of an event.
        assert_eq!(Kept::of(Level::Product, true, &[Product]), None);
    }
}
