use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use metrics::{
    Comparison, Dimension, DimensionTest, Distinct, EventTest, Filter, Granularity, Level, Metric,
    TimeRange,
};
use money::Amount;
use problem::Problem;
use warehouse::KeptRollup;

use super::cursor::PageEnd;
use crate::{behaviour::QueryAttribution, reports::Reads};

/// A valid query, with its defaults.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct QueryRequest {
    /// The metrics, in the order of the request.
    pub(crate) metrics: Vec<Metric>,
    /// The dimensions of the segments, in the order of the request.
    pub(crate) dimensions: Vec<Dimension>,
    /// The range, in whole quarter hours.
    pub(crate) range: TimeRange,
    pub(crate) granularity: Granularity,
    pub(crate) zone: Tz,
    /// Which events are counted.
    pub(crate) events: Filter<EventTest>,
    /// Which segments are shown, by their values in the whole range.
    pub(crate) segments: Filter<SegmentTest>,
    /// What gives the credit of its metrics of credit; it has one of them.
    pub(crate) attribution: Option<QueryAttribution>,
    /// The comparison, and its earlier period.
    pub(crate) comparison: Option<(Comparison, TimeRange)>,
    pub(crate) top: Option<Top>,
    /// The order of the segments; all dimensions are among it, so it is total.
    pub(crate) order: Vec<(Column, Direction)>,
    /// The most segments of a page.
    pub(crate) limit: usize,
    /// Where the page before ended.
    pub(crate) after: Option<PageEnd>,
    /// Whether whole events or their products are counted.
    pub(crate) level: Level,
    pub(crate) explain: bool,
}

/// The segments with the largest values of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Top {
    pub(crate) n: usize,
    pub(crate) by: Metric,
    pub(crate) others: bool,
}

/// What segments are ordered by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Column {
    Metric(Metric),
    Dimension(Dimension),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    Ascending,
    Descending,
}

/// A test of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SegmentTest {
    Metric { metric: Metric, is: Relation, bound: Threshold },
    Dimension(DimensionTest),
}

/// How a value relates to a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Relation {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// A number that values are compared with: exactly, unless they are ratios.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Threshold {
    /// In millionths.
    pub(crate) exact: Amount,
    /// The bits of the nearest binary number.
    pub(crate) bits: u64,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// One page, for programs.
    Json,
    /// All segments, one row a line or a record.
    File(FileFormat),
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileFormat {
    /// One JSON object a line.
    Ndjson,
    /// RFC 4180.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// An Apache Arrow IPC file.
    Arrow,
}

impl QueryRequest {
    /// Returns every metric whose value is needed, shown or not.
    pub(crate) fn needed(&self) -> impl Iterator<Item = Metric> {
        let ordered = self.order.iter().filter_map(|(column, _)| match column {
            Column::Metric(metric) => Some(*metric),
            Column::Dimension(_) => None,
        });
        let tested = self.segments.tests().into_iter().filter_map(|test| match test {
            SegmentTest::Metric { metric, .. } => Some(*metric),
            SegmentTest::Dimension(_) => None,
        });
        let top = self.top.map(|top| top.by);
        self.metrics.iter().copied().chain(ordered).chain(tested).chain(top)
    }

    /// Returns every dimension by which it divides or selects events; what segments are tested by is
    /// among those.
    pub(crate) fn used(&self) -> impl Iterator<Item = &Dimension> {
        let tested = self.events.tests().into_iter().filter_map(EventTest::dimension);
        self.dimensions.iter().chain(tested)
    }

    /// Returns the distinct values that have to be counted.
    pub(crate) fn distincts(&self) -> BTreeSet<Distinct> {
        self.needed().filter_map(Metric::distinct).collect()
    }

    /// Returns whether what was refunded has to be read.
    pub(crate) fn needs_refunds(&self) -> bool {
        self.needed().any(Metric::needs_refunds)
    }

    /// Returns whether orders that are new to a brand have to be read.
    pub(crate) fn needs_new_to_brand(&self) -> bool {
        self.needed().any(Metric::needs_new_to_brand)
    }

    /// Returns whether the sales of the whole shop have to be read.
    pub(crate) fn needs_total_sales(&self) -> bool {
        self.needed().any(Metric::needs_total_sales)
    }

    /// Returns whether the numbers of segments, and of buckets, add up to those of all their events: then each
    /// event is in one segment, and no number is of distinct values or read on its own.
    pub(crate) fn adds_up(&self) -> bool {
        let is_read_apart = |metric: Metric| {
            metric.needs_refunds() || metric.needs_new_to_brand() || metric.needs_total_sales()
        };
        self.level == Level::Event
            && self.needed().all(|metric| metric.distinct().is_none() && !is_read_apart(metric))
            && !self.dimensions.iter().any(Dimension::is_of_orders)
    }

    /// Returns what its numbers are read from.
    pub(crate) fn reads(&self) -> Reads {
        let counts = self.needed().any(Metric::counts_events);
        let is_of_cohorts = self.events.tests().iter().any(|test| test.membership().is_some());
        let is_of_rows = self.attribution.is_some()
            || self.needs_refunds()
            || self.needs_new_to_brand()
            || !self.distincts().is_empty()
            || is_of_cohorts
            || KeptRollup::of(self.level, counts, self.used()).is_none();
        if is_of_rows { Reads::Rows } else { Reads::Rollups }
    }

    /// Returns after which time only history imports and resubmitted rejects change the numbers; and refunds those
    /// after refunds.
    pub(crate) fn final_after(&self) -> DateTime<Utc> {
        let dated_after = self.attribution.map(|attribution| attribution.dated_after());
        self.range.to() + dated_after.unwrap_or_default() + crate::reports::LATE_EVENTS
    }
}

impl Format {
    /// Returns the format with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Self::Json),
            "ndjson" => Some(Self::File(FileFormat::Ndjson)),
            "csv" => Some(Self::File(FileFormat::Csv)),
            "parquet" => Some(Self::File(FileFormat::Parquet)),
            "arrow" => Some(Self::File(FileFormat::Arrow)),
            _ => None,
        }
    }

    /// Returns the format that a request names at `pointer`, if it names one.
    ///
    /// # Errors
    /// It names none of the formats.
    pub(crate) fn asked(name: Option<&str>, pointer: &str) -> Result<Option<Self>, Problem> {
        let format = name.map(|name| {
            let reason = "must be one of json, ndjson, csv, parquet, arrow";
            Self::named(name).ok_or_else(|| Problem::field(pointer, reason))
        });
        format.transpose()
    }

    /// Returns the first format that an `Accept` header lists; JSON if it lists none.
    pub(crate) fn accepted(accept: &str) -> Self {
        let types = accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
        let known = types.filter_map(|media| match media {
            "application/json" | "*/*" => Some(Self::Json),
            "application/x-ndjson" | "application/jsonl" => Some(Self::File(FileFormat::Ndjson)),
            "text/csv" => Some(Self::File(FileFormat::Csv)),
            "application/vnd.apache.parquet" => Some(Self::File(FileFormat::Parquet)),
            "application/vnd.apache.arrow.file" => Some(Self::File(FileFormat::Arrow)),
            _ => None,
        });
        known.into_iter().next().unwrap_or(Self::Json)
    }

    /// Returns the media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::File(file) => file.media_type(),
        }
    }

    /// Returns the ending of file names, which is also its name.
    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::File(file) => file.ending(),
        }
    }
}

impl FileFormat {
    /// Returns the media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.file",
        }
    }

    /// Returns the ending of file names.
    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_type_is_accepted() {
        for (accept, format) in [
            ("", Format::Json),
            ("text/csv", Format::File(FileFormat::Csv)),
            ("text/html, text/csv;q=0.9", Format::File(FileFormat::Csv)),
            ("application/x-ndjson", Format::File(FileFormat::Ndjson)),
            ("application/vnd.apache.parquet", Format::File(FileFormat::Parquet)),
            ("application/vnd.apache.arrow.file", Format::File(FileFormat::Arrow)),
            ("*/*", Format::Json),
            ("image/png", Format::Json),
        ] {
            assert_eq!(Format::accepted(accept), format, "{accept}");
        }
    }
}
