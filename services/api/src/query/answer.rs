use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use metrics::Pair;
use money::Currency;
use serde::{Serialize, Serializer, ser::SerializeMap};
use warehouse::Explanation;

use super::{
    change::Change,
    cursor,
    engine::Series,
    request::QueryRequest,
    segments::{Numbers, Segment},
};
use crate::reports::{Currencies, Values};

/// The numbers of an answer, before they are rendered.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The query as it was asked, which its cursors belong to.
    pub(super) asked: QueryRequest,
    /// The query, limited to what the credential may see.
    pub(super) request: QueryRequest,
    /// The tenant's currency.
    pub(super) own: Currency,
    /// The segments of the page, in order.
    pub(super) page: Vec<Segment>,
    /// Their buckets, in the range and in the earlier period; none with one bucket.
    pub(super) series: [BTreeMap<Vec<String>, Series>; 2],
    pub(super) others: Option<Side>,
    pub(super) totals: Side,
    /// Whether there is another page.
    pub(super) has_more: bool,
    /// Everything received before this is counted; `None` while it is unknown.
    pub(super) as_of: Option<DateTime<Utc>>,
    pub(super) explanation: Option<Explanation>,
    /// How long the warehouse took.
    pub(crate) took: Duration,
}

/// Numbers of both periods.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) current: Numbers,
    /// By bucket; empty with one bucket.
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
    /// Returns the currencies of the answer.
    pub(super) fn currencies(&self) -> Currencies {
        let mut all = self.totals.current.sums.clone();
        if let Some(previous) = &self.totals.previous {
            all.merge(&previous.sums);
        }
        Currencies::of(&all, self.own)
    }

    /// Returns the cursor of the next page; none on the last one.
    pub(super) fn next(&self) -> Option<String> {
        let last = self.page.last().filter(|_| self.has_more)?;
        Some(cursor::after(&last.keys, &self.asked))
    }

    /// Returns the rows of the segments.
    pub(super) fn rows(&self) -> Vec<Row<'_>> {
        let buckets = self.buckets();
        let currencies = self.currencies();
        let mut rows = Vec::with_capacity(self.page.len() * buckets.pairs.len());
        for segment in &self.page {
            let of =
                |series: &BTreeMap<Vec<String>, Series>, total: &Numbers| match self.is_series() {
                    true => series.get(&segment.keys).cloned().unwrap_or_default(),
                    false => BTreeMap::from([(DateTime::UNIX_EPOCH, total.clone())]),
                };
            let [now, before] = &self.series;
            let (now, before) = (of(now, &segment.current), of(before, &segment.previous));
            self.add_rows(
                &mut rows,
                (RowKind::Segment, &segment.keys),
                (&now, &before),
                &buckets,
                &currencies,
            );
        }
        rows
    }

    /// Returns the rows of the other segments.
    pub(super) fn other_rows(&self) -> Vec<Row<'_>> {
        let mut rows = Vec::new();
        let Some(others) = &self.others else {
            return rows;
        };
        let (now, before) = match self.is_series() {
            true => (others.series.clone(), others.previous_series.clone()),
            false => (
                BTreeMap::from([(DateTime::UNIX_EPOCH, others.current.clone())]),
                BTreeMap::from([(
                    DateTime::UNIX_EPOCH,
                    others.previous.clone().unwrap_or_default(),
                )]),
            ),
        };
        let currencies = self.currencies();
        self.add_rows(
            &mut rows,
            (RowKind::Others, &[]),
            (&now, &before),
            &self.buckets(),
            &currencies,
        );
        rows
    }

    /// Returns the row of a whole side.
    pub(super) fn whole<'a>(&self, kind: RowKind, side: &Side) -> Row<'a> {
        let currencies = self.currencies();
        let values = |numbers: &Numbers| self.values(numbers, &currencies);
        let metrics = &self.request.metrics;
        let change = side
            .previous
            .as_ref()
            .map(|previous| Change::between(previous, &side.current, metrics, self.own));
        Row {
            kind,
            keys: &[],
            start: Some(self.request.range.from()),
            previous_start: self.request.comparison.map(|(_, range)| range.from()),
            values: Some(values(&side.current)),
            previous: side.previous.as_ref().map(|previous| Some(values(previous))),
            change,
        }
    }

    fn is_series(&self) -> bool {
        self.request.granularity != metrics::Granularity::Total
    }

    fn buckets(&self) -> Buckets {
        let QueryRequest { range, granularity, zone, comparison, .. } = self.request;
        if !self.is_series() {
            let previous = comparison.map(|(_, earlier)| earlier.from());
            let pairs = vec![(Some(0), previous.map(|_| 0))];
            return Buckets {
                starts: vec![range.from()],
                previous: previous.into_iter().collect(),
                pairs,
            };
        }
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

    fn add_rows<'a>(
        &self,
        rows: &mut Vec<Row<'a>>,
        (kind, keys): (RowKind, &'a [String]),
        (now, before): (&Series, &Series),
        buckets: &Buckets,
        currencies: &Currencies,
    ) {
        let nothing = Numbers::default();
        let metrics = &self.request.metrics;
        let at = |starts: &[DateTime<Utc>], index: Option<usize>| {
            index.and_then(|index| starts.get(index)).copied()
        };
        for (index, earlier) in &buckets.pairs {
            let start = at(&buckets.starts, *index);
            let previous_start = at(&buckets.previous, *earlier);
            let numbers = |series: &'_ Series, start: DateTime<Utc>| {
                let key = if self.is_series() { start } else { DateTime::UNIX_EPOCH };
                series.get(&key).cloned().unwrap_or_else(|| nothing.clone())
            };
            let current = start.map(|start| numbers(now, start));
            let previous = previous_start.map(|start| numbers(before, start));
            let has_comparison = self.request.comparison.is_some();
            let change = has_comparison.then(|| match (&previous, &current) {
                (Some(previous), Some(current)) => {
                    Change::between(previous, current, metrics, self.own)
                }
                _ => Change::unknown(metrics),
            });
            rows.push(Row {
                kind,
                keys,
                start,
                previous_start,
                values: current.map(|numbers| self.values(&numbers, currencies)),
                previous: has_comparison
                    .then(|| previous.map(|numbers| self.values(&numbers, currencies))),
                change,
            });
        }
    }

    fn values(&self, numbers: &Numbers, currencies: &Currencies) -> Values {
        Values::new(&self.request.metrics, &numbers.sums, numbers.distincts, currencies)
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
