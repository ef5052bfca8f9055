use chrono_tz::Tz;
use metrics::{Buckets, Dimension, EventTest, Filter, Level, TimeRange};
use money::Currency;

use super::Advertisers;
use crate::{
    KeptRollup, Local,
    campaign::seconds,
    statement::{Parameter, Parameters, Statement, array, condition},
};

/// Which events to count, and by what.
#[derive(Clone, Debug)]
pub struct CellQuery<'a> {
    /// The time of the events.
    pub range: TimeRange,
    /// The buckets of the cells; the first begins with the range.
    pub buckets: Buckets,
    /// The time zone of hours and weekdays.
    pub zone: Tz,
    /// The currency of events without one.
    pub home: Currency,
    /// Whether whole events or their products are counted.
    pub level: Level,
    /// Whether the number of events matters. An event may have several lines of a product, so its rollup cannot
    /// answer how many events a product has. If it does not matter, counters of products count lines.
    pub counts: bool,
    /// The dimensions of the cells.
    pub by: &'a [Dimension],
    /// Only events for which it holds.
    pub filter: &'a Filter<EventTest>,
    /// Only some values of dimensions.
    pub keys: Keys<'a>,
    /// The advertisers of campaigns; `None` if none has one.
    pub advertisers: Option<&'a Advertisers>,
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

impl CellQuery<'_> {
    /// Returns the kept rollup that has everything that the query asks for.
    pub fn kept_rollup(&self) -> Option<KeptRollup> {
        let is_of_cohorts = self.filter.tests().iter().any(|test| test.membership().is_some());
        let rollup = KeptRollup::of(self.level, self.counts, self.dimensions());
        rollup.filter(|_| !is_of_cohorts)
    }

    /// Returns the statement that a template makes of the query.
    pub(super) fn statement(&self, template: &str) -> Statement {
        let (stretches, starts) =
            self.buckets.stretches().map(|(from, start)| (seconds(from), seconds(start))).unzip();
        let mut parameters = Parameters::default();
        let mut condition = condition(self.filter, &mut parameters);
        let used = self.dimensions();
        // Only metrics of orders combine with a dimension of orders.
        if used.iter().any(|dimension| dimension.is_of_orders()) {
            condition += " AND event_type = 'purchase'";
        }
        if let Keys::Only(dimensions, wanted) | Keys::Except(dimensions, wanted) = self.keys {
            let not = if matches!(self.keys, Keys::Except(..)) { "NOT " } else { "" };
            let array = array(dimensions, &mut parameters);
            condition += &format!(
                " AND {array} {not}IN (SELECT arrayJoin({{wanted:Array(Array(String))}}))"
            );
            parameters.set("wanted", Parameter::TextLists(wanted.to_vec()));
        }
        if used.contains(&&Dimension::Advertiser) {
            self.advertisers.unwrap_or(&Advertisers::default()).set(&mut parameters);
        }
        parameters.set("from", Parameter::Seconds(seconds(self.range.from())));
        parameters.set("to", Parameter::Seconds(seconds(self.range.to())));
        parameters.set("stretches", Parameter::ManySeconds(stretches));
        parameters.set("starts", Parameter::ManySeconds(starts));
        Local { zone: self.zone, home: self.home }.set(&mut parameters);
        let keys = array(self.by, &mut parameters);
        let sql = template.replace("{keys}", &keys).replace("{condition}", &condition);
        Statement { sql, parameters }
    }

    /// Returns every dimension that the statement names.
    fn dimensions(&self) -> Vec<&Dimension> {
        let tested = self.filter.tests().into_iter().filter_map(EventTest::dimension);
        let of_keys = match self.keys {
            Keys::All => &[][..],
            Keys::Only(dimensions, _) | Keys::Except(dimensions, _) => dimensions,
        };
        self.by.iter().chain(of_keys).chain(tested).collect()
    }
}
