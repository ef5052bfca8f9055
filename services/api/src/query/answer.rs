use std::{collections::BTreeMap, sync::OnceLock, time::Duration};

use actix_web::web::Bytes;
use chrono::{DateTime, Utc};
use metrics::Pair;
use serde::{Serialize, Serializer, ser::SerializeMap};
use warehouse::Explanation;
use web::EntityTag;

use super::{
    change::Change,
    reader::Series,
    request::{Format, QueryRequest},
    segments::{Numbers, Segment},
};
use crate::reports::{Currencies, Values};

/// The numbers of an answer, before they are rendered.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The query, limited to what the credential may see.
    pub(super) request: QueryRequest,
    pub(super) currencies: Currencies,
    /// The segments of the page, in order.
    pub(super) page: Vec<Segment>,
    /// Their buckets, in the range and in the earlier period.
    pub(super) series: [BTreeMap<Vec<String>, Series>; 2],
    pub(super) others: Option<Side>,
    pub(super) totals: Side,
    /// The cursor of the next page; none on the last one.
    pub(super) next: Option<String>,
    /// Everything received before this is counted; `None` while it is unknown.
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// The version of the data, if all ranges are finished and all campaigns are seen: late events raise it.
    pub(super) data_version: Option<u64>,
    /// From when on rows are retained, if events are read from before.
    pub(crate) retained_from: Option<DateTime<Utc>>,
    pub(super) explanation: Option<Explanation>,
    /// How it was made.
    pub(super) timing: Timing,
    /// The JSON, rendered once for all equal queries.
    pub(super) rendered: OnceLock<(Bytes, EntityTag)>,
}

/// Where the numbers of an answer come from, and how long that took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timing {
    /// `l1`: from the memory of this process; `l2`: Redis had kept all of them; `miss`: from ClickHouse.
    pub(crate) cache: &'static str,
    /// How long it waited until ClickHouse had a place for it.
    pub(crate) queued: Duration,
    /// How long reading took, including the waiting.
    pub(crate) took: Duration,
}

/// Numbers of both periods.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) current: Numbers,
    /// By bucket; empty where only the whole is read.
    pub(super) series: Series,
    /// None without a comparison.
    pub(super) previous: Option<Numbers>,
    pub(super) previous_series: Series,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowKind {
    /// A segment.
    Segment,
    /// All segments that `top` leaves out.
    Others,
    /// All segments that the filters admit.
    Totals,
}

/// One row of the answer: a segment, or others, in one bucket.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) kind: RowKind,
    pub(super) keys: &'a [String],
    /// The bucket; `None` if the local time exists only in the earlier period.
    pub(super) start: Option<DateTime<Utc>>,
    /// The bucket of the earlier period.
    pub(super) previous_start: Option<DateTime<Utc>>,
    pub(super) values: Option<Values>,
    /// Outer: whether there is a comparison.
    pub(super) previous: Option<Option<Values>>,
    pub(super) change: Option<Change>,
}

/// The buckets of an answer, and those of the earlier period that belong to them.
struct Buckets {
    starts: Vec<DateTime<Utc>>,
    previous: Vec<DateTime<Utc>>,
    pairs: Vec<Pair>,
}

impl Answered {
    /// Returns the rows of the segments.
    pub(super) fn rows(&self) -> Vec<Row<'_>> {
        let buckets = self.buckets();
        let [now, before] = &self.series;
        let nothing = Series::new();
        let mut rows = Vec::with_capacity(self.page.len() * buckets.pairs.len());
        for segment in &self.page {
            let now = now.get(&segment.keys).unwrap_or(&nothing);
            let before = before.get(&segment.keys).unwrap_or(&nothing);
            rows.extend(self.side_rows((RowKind::Segment, &segment.keys), (now, before), &buckets));
        }
        rows
    }

    /// Returns how many rows a rendered answer has, without a header: those of segments, and in files the
    /// others and the totals.
    pub(crate) fn row_count(&self, format: Format) -> u64 {
        let buckets = self.buckets().pairs.len();
        let segments = self.page.len() * buckets;
        let rows = match format {
            Format::Json => segments,
            Format::File(_) => segments + self.others.as_ref().map_or(0, |_| buckets) + 1,
        };
        rows as u64
    }

    /// Returns the rows of the other segments.
    pub(super) fn other_rows(&self) -> Vec<Row<'_>> {
        self.others.as_ref().map_or_else(Vec::new, |others| {
            let series = (&others.series, &others.previous_series);
            self.side_rows((RowKind::Others, &[]), series, &self.buckets()).collect()
        })
    }

    /// Returns the row of a whole side.
    pub(super) fn whole<'a>(&self, kind: RowKind, side: &Side) -> Row<'a> {
        let metrics = &self.request.metrics;
        let own = self.currencies.own;
        let previous = side.previous.as_ref();
        let change =
            previous.map(|previous| Change::between(previous, &side.current, metrics, own));
        Row {
            kind,
            keys: &[],
            start: Some(self.request.range.from()),
            previous_start: self.request.comparison.map(|(_, range)| range.from()),
            values: Some(self.values(&side.current)),
            previous: previous.map(|previous| Some(self.values(previous))),
            change,
        }
    }

    fn buckets(&self) -> Buckets {
        let QueryRequest { range, granularity, zone, comparison, .. } = self.request;
        let current = granularity.buckets(range, zone);
        let starts = current.starts().to_vec();
        let Some((comparison, earlier)) = comparison else {
            let pairs = (0..starts.len()).map(|index| (Some(index), None)).collect();
            return Buckets { starts, previous: Vec::new(), pairs };
        };
        let previous = granularity.buckets(earlier, zone);
        let pairs = comparison.pairs((range, &current), &previous, granularity, zone);
        Buckets { starts, previous: previous.starts().to_vec(), pairs }
    }

    fn side_rows<'a>(
        &self,
        (kind, keys): (RowKind, &'a [String]),
        (now, before): (&Series, &Series),
        buckets: &Buckets,
    ) -> impl Iterator<Item = Row<'a>> {
        let metrics = &self.request.metrics;
        let own = self.currencies.own;
        let has_comparison = self.request.comparison.is_some();
        let at = |starts: &[DateTime<Utc>], index: Option<usize>| {
            index.and_then(|index| starts.get(index)).copied()
        };
        let numbers =
            |series: &Series, start: DateTime<Utc>| series.get(&start).cloned().unwrap_or_default();
        buckets.pairs.iter().map(move |(index, earlier)| {
            let start = at(&buckets.starts, *index);
            let previous_start = at(&buckets.previous, *earlier);
            let current = start.map(|start| numbers(now, start));
            let previous = previous_start.map(|start| numbers(before, start));
            let change = has_comparison.then(|| match (&previous, &current) {
                (Some(previous), Some(current)) => Change::between(previous, current, metrics, own),
                _ => Change::unknown(metrics),
            });
            Row {
                kind,
                keys,
                start,
                previous_start,
                values: current.map(|numbers| self.values(&numbers)),
                previous: has_comparison.then(|| previous.map(|numbers| self.values(&numbers))),
                change,
            }
        })
    }

    fn values(&self, numbers: &Numbers) -> Values {
        Values::new(&self.request.metrics, &numbers.sums, numbers.distincts, &self.currencies)
    }
}

impl Timing {
    /// The answer was in memory.
    pub(super) const IN_MEMORY: Self =
        Self { cache: "l1", queued: Duration::ZERO, took: Duration::ZERO };

    /// Returns the value of `Server-Timing`, in milliseconds.
    pub(crate) fn header(self) -> String {
        let Self { cache, queued, took } = self;
        let [queued, read] = [queued, took.saturating_sub(queued)]
            .map(|duration| format!("{:.1}", duration.as_secs_f64() * 1000.0));
        match cache {
            "l1" => "cache;desc=l1;dur=0.0".to_owned(),
            "l2" => format!("cache;desc=l2, redis;dur={read}"),
            _ => format!("cache;desc=miss, queue;dur={queued}, clickhouse;dur={read}"),
        }
    }
}

impl RowKind {
    /// Returns the name in files.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Others => "others",
            Self::Totals => "totals",
        }
    }
}

/// A row with the names of its dimensions.
pub(super) struct Named<'a> {
    pub(super) request: &'a QueryRequest,
    pub(super) row: Row<'a>,
    /// Whether the kind of the row is written.
    pub(super) with_kind: bool,
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { request, row, with_kind } = self;
        let mut map = serializer.serialize_map(None)?;
        if *with_kind {
            map.serialize_entry("row", row.kind.as_str())?;
        }
        for (dimension, key) in request.dimensions.iter().zip(row.keys) {
            map.serialize_entry(dimension.as_str(), key)?;
        }
        map.serialize_entry("start", &row.start)?;
        if request.comparison.is_some() {
            map.serialize_entry("previous_start", &row.previous_start)?;
        }
        map.serialize_entry("values", &row.values)?;
        if let Some(previous) = &row.previous {
            map.serialize_entry("previous", previous)?;
        }
        if let Some(change) = &row.change {
            map.serialize_entry("change", change)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_timing_tells_the_cache_the_queue_and_the_source() {
        let timing = |cache| Timing {
            cache,
            queued: Duration::from_millis(2),
            took: Duration::from_micros(14_140),
        };
        assert_eq!(timing("miss").header(), "cache;desc=miss, queue;dur=2.0, clickhouse;dur=12.1");
        let kept = Timing { queued: Duration::ZERO, ..timing("l2") };
        assert_eq!(kept.header(), "cache;desc=l2, redis;dur=14.1");
        assert_eq!(Timing::IN_MEMORY.header(), "cache;desc=l1;dur=0.0");
    }
}
