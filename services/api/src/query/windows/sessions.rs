use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use metrics::{Distincts, Sums, TimeRange};
use money::Currency;
use sequences::Session;
use warehouse::{KeyActivities, Local, TenantWarehouse, TimeQuery};

use super::{
    super::{QueryRequest, segments::Numbers},
    Counted, WindowRow,
    body::SessionWindow,
};
use crate::failure::Failure;

/// How far beyond the range events of a session are looked for: a session that is longer is cut.
const MARGIN: TimeDelta = TimeDelta::hours(24);

/// The first sessions of a range, by their start and then by their key.
type First = BTreeMap<(i64, String), (Session, Sums)>;

/// Returns from when on events are looked for.
pub(super) fn read_from(range: TimeRange) -> DateTime<Utc> {
    range.from() - MARGIN
}

/// Counts in the sessions that begin in a range. Of the rows, only the first ones are kept, so the memory
/// does not depend on how many there are.
pub(super) async fn count(
    warehouse: &TenantWarehouse,
    own: Currency,
    query: &QueryRequest,
    window: SessionWindow,
) -> Result<Counted, Failure> {
    let range = query.range;
    let times = TimeQuery {
        time: read_from(range)..range.to() + MARGIN,
        begun: range.from()..range.to(),
        key: window.by.into(),
        local: Local { zone: query.zone, home: own },
        filter: &query.events,
    };
    let mut counted = Counted::default();
    let mut first = First::new();
    let each = |KeyActivities { key, activities }: KeyActivities| {
        let moments: Vec<_> = activities.iter().map(|activity| activity.time).collect();
        let mut rest = activities.iter();
        let mut has_session = false;
        for session in window.gap.split(&moments) {
            let length = usize::try_from(session.events).unwrap_or(usize::MAX);
            let events = rest.by_ref().take(length);
            let mut sums = Sums::default();
            events.for_each(|activity| activity.add_to(&mut sums));
            let begin = DateTime::from_timestamp_millis(session.from);
            if !begin.is_some_and(|time| range.contains(time)) {
                continue;
            }
            has_session = true;
            counted.windows += 1;
            counted.sums.merge(&sums);
            first.insert((session.from, key.clone()), (session, sums));
            if first.len() > query.limit {
                first.pop_last();
            }
        }
        counted.segments += usize::from(has_session);
    };
    let without_key = warehouse.activities(&times, query.level, each).await?;
    counted.without_key = Some(without_key);
    let rows = first.into_iter().filter_map(|((_, key), (session, sums))| row(key, session, sums));
    counted.rows = rows.collect();
    Ok(counted)
}

fn row(key: String, session: Session, sums: Sums) -> Option<WindowRow> {
    Some(WindowRow {
        keys: vec![key],
        from: DateTime::from_timestamp_millis(session.from)?,
        to: None,
        last: Some(DateTime::from_timestamp_millis(session.last)?),
        numbers: Numbers { sums, distincts: Distincts::default() },
    })
}
