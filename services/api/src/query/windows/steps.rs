use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use metrics::{Granularity, Sums, TimeWindow, Windows};
use money::Currency;
use warehouse::{Advertisers, CellQuery, Keys};

use super::{
    super::{
        QueryRequest,
        cell_source::CellSource,
        credit::Credit,
        engine::{MOST_KEYS, segments},
        reader::Reader,
        segments::Numbers,
        total_sales::TotalSales,
    },
    Counted, WindowRow,
};
use crate::failure::Failure;

/// The sums of each step, by segment.
type Steps = BTreeMap<Vec<String>, BTreeMap<DateTime<Utc>, Sums>>;

/// Counts in tumbling or sliding windows. The segments are those of all windows together, in the order of
/// the query.
pub(super) async fn count(
    source: &CellSource,
    own: Currency,
    query: &QueryRequest,
    windows: &Windows,
    advertisers: Option<&Advertisers>,
) -> Result<Counted, Failure> {
    let range = windows.range();
    let total_sales =
        &TotalSales::read(source, query, own, (range, windows.steps().clone())).await?;
    let credit = &Credit::default();
    let reader = Reader { source, request: query, advertisers, own, range, total_sales, credit };
    let mut found = segments(reader, None).await?.0;
    if !query.dimensions.is_empty() && query.segments.tests().is_empty() {
        found.retain(|segment| segment.has_values(query, own));
    }
    found.sort_by(|one, other| one.compare(other, &query.order, query, own));
    let mut counted =
        Counted { segments: found.len(), windows: windows.all().len(), ..Counted::default() };
    found.truncate(query.limit);
    let shown: Vec<_> = found.into_iter().map(|segment| segment.keys).collect();
    if shown.is_empty() {
        return Ok(counted);
    }
    let by = &query.dimensions;
    let keys =
        if by.is_empty() || shown.len() > MOST_KEYS { Keys::All } else { Keys::Only(by, &shown) };
    let cells = CellQuery {
        buckets: windows.steps().clone(),
        ..reader.query(Granularity::Total, by, keys)
    };
    let (mut steps, mut seen) = tokio::try_join!(sums(reader, &cells), async {
        let distincts = query.distincts();
        match distincts.is_empty() {
            true => Ok(BTreeMap::new()),
            false => Ok(source.warehouse.window_distincts(&cells, windows, &distincts).await?),
        }
    })?;
    for segment in shown {
        let mut series = steps.remove(&segment).unwrap_or_default();
        for (start, sales) in &total_sales.buckets {
            series.entry(*start).or_default().merge(sales);
        }
        let folded = windows.fold(&series);
        for (number, (window, sums)) in windows.all().iter().zip(folded).enumerate() {
            counted.sums.merge(&sums);
            let cell = (number, segment.clone());
            let distincts = seen.remove(&cell).unwrap_or_default();
            counted.rows.push(row(cell.1, *window, Numbers { sums, distincts }));
        }
    }
    Ok(counted)
}

async fn sums(reader: Reader<'_>, query: &CellQuery<'_>) -> Result<Steps, Failure> {
    let (cells, apart) = tokio::try_join!(reader.source.cells(query), reader.apart(query))?;
    let mut steps = Steps::new();
    for ((start, keys), sums) in cells.into_iter().chain(apart) {
        steps.entry(keys).or_default().entry(start).or_default().merge(&sums);
    }
    Ok(steps)
}

fn row(keys: Vec<String>, window: TimeWindow, numbers: Numbers) -> WindowRow {
    let TimeWindow { from, to } = window;
    WindowRow { keys, from, to: Some(to), last: None, numbers }
}
