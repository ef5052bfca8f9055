use std::ops::Range;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use metrics::{Dimension, EventTest, Filter, Level};
use sequences::Moment;
use serde::Deserialize;

use super::{EventKey, Local, id, milliseconds};
use crate::{
    TenantWarehouse, WarehouseError,
    statement::{Parameters, Statement, condition, expression},
};

/// Which events a funnel is about.
#[derive(Clone, Debug)]
pub struct MomentQuery<'a> {
    /// The time of the events.
    pub time: Range<DateTime<Utc>>,
    /// What events of a funnel have in common.
    pub key: EventKey,
    /// The dimension that they have in common as well, if any.
    pub held: Option<&'a Dimension>,
    /// The dimension whose value each entry has, if any: of events, or the one that is held.
    pub breakdown: Option<&'a Dimension>,
    /// The time zone of hours and weekdays, and the currency of events without one.
    pub local: Local,
    /// The test of each step.
    pub steps: &'a [Filter<EventTest>],
    /// The test of each exclusion.
    pub exclusions: &'a [Filter<EventTest>],
    /// Whether events that match nothing are read as well.
    pub all: bool,
    /// Only events for which it holds.
    pub filter: &'a Filter<EventTest>,
}

/// The events of one key, by the held value, each list in the order of a funnel.
#[derive(Debug, Default)]
pub struct KeyEvents {
    /// The lists; one if nothing is held.
    pub moments: Vec<Vec<Moment>>,
    /// For each of their moments, the value of the breakdown; it may be empty except for entries.
    pub values: Vec<Vec<String>>,
}

#[derive(Row, Deserialize)]
struct MomentRow {
    without_key: u64,
    /// Time, steps, exclusions, id, held value, value of the breakdown.
    moments: Vec<MomentTuple>,
}

type MomentTuple = (i64, u32, u32, u128, String, String);

impl TenantWarehouse {
    /// Hands over the events of each key as they arrive. Returns the number of events without a key.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn moments(
        &self,
        query: &MomentQuery<'_>,
        mut each: impl FnMut(KeyEvents),
    ) -> Result<u64, WarehouseError> {
        let mut without_key = 0;
        self.for_each(&query.statement(), |row: MomentRow| {
            without_key += row.without_key;
            if !row.moments.is_empty() {
                each(row.events());
            }
        })
        .await?;
        Ok(without_key)
    }
}

impl MomentQuery<'_> {
    fn statement(&self) -> Statement {
        let mut parameters = Parameters::default();
        let steps = bits(self.steps, &mut parameters);
        let exclusions = bits(self.exclusions, &mut parameters);
        let all = Filter::Any(self.steps.iter().chain(self.exclusions).cloned().collect());
        let wanted = if self.all { Filter::EVERYTHING } else { all };
        let wanted = condition(&wanted, &mut parameters);
        let condition = condition(self.filter, &mut parameters);
        parameters.set("from", milliseconds(self.time.start));
        parameters.set("to", milliseconds(self.time.end));
        self.local.set(&mut parameters);
        let mut text = |dimension| format!("toString({})", expression(dimension, &mut parameters));
        let held = self.held.map(&mut text);
        let value = self.breakdown.map(&mut text);
        let template = match self.is_of_products() {
            true => include_str!("../../queries/moments_of_products.sql"),
            false => include_str!("../../queries/moments_of_events.sql"),
        };
        let sql = template
            .replace("{key}", self.key.column())
            .replace("{steps}", &steps)
            .replace("{exclusions}", &exclusions)
            .replace("{held}", held.as_deref().unwrap_or("''"))
            .replace("{value}", value.as_deref().unwrap_or("''"))
            .replace("{condition}", &condition)
            .replace("{wanted}", &wanted);
        Statement { sql, parameters }
    }

    fn is_of_products(&self) -> bool {
        let tests = self.steps.iter().chain(self.exclusions).chain([self.filter]);
        let tested = tests.flat_map(|filter| filter.tests()).filter_map(EventTest::dimension);
        self.held.is_some() || tested.into_iter().any(|one| one.level() == Level::Product)
    }
}

/// Returns the bits of the filters that hold for an event.
fn bits(filters: &[Filter<EventTest>], parameters: &mut Parameters) -> String {
    let bit = |(index, filter): (usize, &Filter<EventTest>)| {
        format!("bitShiftLeft(toUInt32({}), {index})", condition(filter, parameters))
    };
    let bits: Vec<_> = filters.iter().enumerate().map(bit).collect();
    if bits.is_empty() {
        "toUInt32(0)".to_owned()
    } else {
        format!("toUInt32({})", bits.join(" + "))
    }
}

impl MomentRow {
    fn events(mut self) -> KeyEvents {
        self.moments.sort_unstable_by(|one, other| {
            let order = |moment: &MomentTuple| {
                let (time, steps, exclusions, ..) = *moment;
                (Moment { time, steps, exclusions }.order(), id(moment.3))
            };
            one.4.cmp(&other.4).then_with(|| order(one).cmp(&order(other)))
        });
        let lists = self.moments.chunk_by(|one, other| one.4 == other.4);
        let moment = |(time, steps, exclusions, ..): &MomentTuple| Moment {
            time: *time,
            steps: *steps,
            exclusions: *exclusions,
        };
        let mut events = KeyEvents::default();
        for list in lists {
            events.moments.push(list.iter().map(moment).collect());
            events.values.push(list.iter().map(|(.., value)| value.clone()).collect());
        }
        events
    }
}
