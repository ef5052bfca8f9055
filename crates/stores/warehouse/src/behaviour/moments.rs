use std::{iter, mem, ops::Range};

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
    /// Whether no event matches two steps.
    pub are_steps_disjoint: bool,
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
    /// For each of their moments, the value of the breakdown; it may be empty except for entries. Empty without a
    /// breakdown.
    pub values: Vec<Vec<String>>,
}

/// What one key did: an item of each list for each event. Lists that are not needed are empty.
#[derive(Row, Deserialize)]
struct MomentRow {
    without_key: u64,
    times: Vec<i64>,
    steps_matched: Vec<u32>,
    exclusions_matched: Vec<u32>,
    ids: Vec<u128>,
    held_values: Vec<String>,
    values_of_entries: Vec<String>,
}

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
            if !row.times.is_empty() {
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
        let list = |name: &str, kind: &str, is_needed| match is_needed {
            true => format!("groupArrayIf({name}, key != '')"),
            false => format!("CAST([], 'Array({kind})')"),
        };
        let sql = template
            .replace("{exclusion_list}", &list("exclusions", "UInt32", !self.exclusions.is_empty()))
            .replace("{id_list}", &list("id", "UInt128", self.needs_ids()))
            .replace("{held_list}", &list("held", "String", self.held.is_some()))
            .replace("{value_list}", &list("value", "String", self.breakdown.is_some()))
            .replace("{key}", self.key.column())
            .replace("{steps}", &steps)
            .replace("{exclusions}", &exclusions)
            .replace("{held}", held.as_deref().unwrap_or("''"))
            .replace("{value}", value.as_deref().unwrap_or("''"))
            .replace("{condition}", &condition)
            .replace("{wanted}", &wanted);
        Statement { sql, parameters }
    }

    /// Returns whether the order of events of one time matters that match the same first step.
    fn needs_ids(&self) -> bool {
        !self.are_steps_disjoint || !self.exclusions.is_empty() || self.breakdown.is_some()
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
    fn events(self) -> KeyEvents {
        let Self { times, ids, held_values: held, values_of_entries: mut values, .. } = self;
        let exclusions = self.exclusions_matched.into_iter().chain(iter::repeat(0));
        let moments = times.into_iter().zip(self.steps_matched).zip(exclusions);
        let mut placed: Vec<(usize, Moment)> = moments
            .map(|((time, steps), exclusions)| Moment { time, steps, exclusions })
            .enumerate()
            .collect();
        placed.sort_unstable_by(|(one, moment), (other, another)| {
            let by_id = || ids.get(*one).copied().map(id).cmp(&ids.get(*other).copied().map(id));
            let by_order = || moment.order().cmp(&another.order());
            held.get(*one).cmp(&held.get(*other)).then_with(by_order).then_with(by_id)
        });
        let mut events = KeyEvents::default();
        for list in placed.chunk_by(|(one, _), (other, _)| held.get(*one) == held.get(*other)) {
            events.moments.push(list.iter().map(|(_, moment)| *moment).collect());
            let of_list = list.iter().filter_map(|(at, _)| values.get_mut(*at).map(mem::take));
            events.values.push(of_list.collect());
        }
        events
    }
}
