use actix_web::web::Bytes;
use chrono::{DateTime, Utc};
use metrics::{
    Additivity, Align, Comparison, Dimension, DimensionTest, EventTest, Filter, Granularity,
    Metric, TextTest, TimeRange, Unit,
};
use money::Currency;
use serde::Serialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use warehouse::KeptRollup;
use web::EntityTag;

use super::{
    answer::{Answered, Named, Row, RowKind, Side},
    change::Change,
    request::{Column, Direction, QueryRequest, Relation, SegmentTest},
    week::DayOfWeek,
};
use crate::{behaviour::UsedAttribution, reports::Values};

/// The answer to a query. Times are UTC; money is a decimal string; a ratio with a zero denominator is
/// `null`.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueryAnswer<'a> {
    /// The query with its defaults, as it was answered: for a credential that may see only some
    /// campaigns, limited to these.
    #[schema(value_type = Object)]
    query: Json,
    /// The dimensions and metrics, in their order.
    columns: Vec<AnswerColumn>,
    /// The segments of the page: one row for each bucket, empty ones included.
    #[schema(value_type = Vec<QueryRow>)]
    rows: Vec<Named<'a>>,
    /// All segments that `top` leaves out, together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<QuerySide>)]
    others: Option<RenderedSide<'a>>,
    /// All segments that the filters admit, together: counted on their own, not added up from rows.
    #[schema(value_type = QuerySide)]
    totals: RenderedSide<'a>,
    /// Everything received before this time is counted; `null` while it is unknown.
    as_of: Option<DateTime<Utc>>,
    /// Another version means that stored events of a finished time have changed. An event that is being stored may be
    /// in an answer shortly before its version rises, and retention does not raise it. `null` while something of the
    /// query's time, of its earlier period or of its cohorts is not finished, with an `attribution`, and for a
    /// credential that may see only some campaigns.
    data_version: Option<u64>,
    /// After this time, only history imports and resubmitted rejects can change the numbers; and later refunds
    /// `attributed_net_sales`.
    final_after: DateTime<Utc>,
    /// Present if the query reads events from before it: of the range, of the earlier period, or, for new-to-brand, of
    /// the 365 days before. Events that were received before this time have been deleted by the tenant's retention, so
    /// counts of that time may be too small, and new-to-brand too large.
    #[serde(skip_serializing_if = "Option::is_none")]
    retained_from: Option<DateTime<Utc>>,
    /// The attribution of events: `declared`, to the campaign that they name. With metrics of credit, the rule that
    /// gives it; other metrics are then declared all the same.
    attribution: AnswerAttribution,
    /// The currency of the amounts: the tenant's own, also for events without a currency.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// Other currencies of the counted events: `by_currency` contains their amounts.
    #[schema(value_type = Vec<String>, example = json!(["USD"]))]
    other_currencies: Vec<Currency>,
    /// The cursor of the next page; `null` on the last one.
    next: Option<String>,
    /// How the query is read, if the query asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<AnswerExplanation>,
}

/// How numbers belong to campaigns.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum AnswerAttribution {
    /// `declared`: to the campaign that events name.
    Declared(&'static str),
    /// By the credit of a rule.
    Credit(UsedAttribution),
}

/// A dimension or a metric of an answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnswerColumn {
    name: String,
    /// `dimension` or `metric`.
    kind: &'static str,
    /// Of a metric: `count`, `quantity`, `credit`, `ratio` or `money`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    unit: Option<Unit>,
    /// Of a metric: `sum`, `ratio_of_sums` or `distinct`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    additivity: Option<Additivity>,
}

/// How a query is read, without its credit, which is always made of the rows of events.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnswerExplanation {
    /// The rollup; `null` if the events themselves are read.
    rollup: Option<String>,
    /// The kept rollup, of days whose events have expired: `campaign`, `product` or `source`. `null` if none of
    /// these days is read.
    kept_rollup: Option<&'static str>,
    /// The estimated number of rows; `null` in shared tables, and for a credential that may see only
    /// some campaigns.
    rows: Option<u64>,
}

/// A row: the values of its dimensions by their names, and its numbers.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `Named` writes")]
pub(crate) struct QueryRow {
    /// The start of the bucket; `null` for a local time that only the earlier period has.
    start: Option<DateTime<Utc>>,
    /// With a comparison: the start of the bucket of the earlier period.
    previous_start: Option<DateTime<Utc>>,
    values: Option<Values>,
    /// With a comparison: the values of the earlier period.
    previous: Option<Values>,
    /// With a comparison: how each metric has changed, relative to the earlier period.
    #[schema(value_type = Option<Object>)]
    change: Option<Json>,
}

/// The numbers of several segments together.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `RenderedSide` writes")]
pub(crate) struct QuerySide {
    values: Values,
    previous: Option<Values>,
    #[schema(value_type = Option<Object>)]
    change: Option<Json>,
    /// The buckets of `others`, if there are several.
    series: Option<Vec<QueryRow>>,
}

#[derive(Serialize)]
struct RenderedSide<'a> {
    values: Option<Values>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Option<Values>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Change>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    series: Vec<Named<'a>>,
}

impl Answered {
    /// Returns the JSON, and the tag of its numbers: `as_of` advances all the time, also while nothing
    /// happens, and the version of the data rises for events that the query does not count.
    ///
    /// # Errors
    /// None is known: keys are strings.
    pub(crate) fn json(&self) -> serde_json::Result<(Bytes, EntityTag)> {
        if let Some(rendered) = self.rendered.get() {
            return Ok(rendered.clone());
        }
        let mut answer = self.answer();
        let body = serde_json::to_vec(&answer)?.into();
        answer.as_of = None;
        answer.data_version = None;
        let tag = EntityTag::of(&serde_json::to_vec(&answer)?);
        Ok(self.rendered.get_or_init(|| (body, tag)).clone())
    }

    /// Renders one JSON object a line: segments, then others, then totals, distinguished by `row`.
    ///
    /// # Errors
    /// None is known: keys are strings.
    pub(super) fn ndjson(&self) -> serde_json::Result<Vec<u8>> {
        let totals = self.whole(RowKind::Totals, &self.totals);
        let mut lines = Vec::new();
        for row in self.rows().into_iter().chain(self.other_rows()).chain([totals]) {
            serde_json::to_writer(&mut lines, &self.named(row, true))?;
            lines.push(b'\n');
        }
        Ok(lines)
    }

    fn answer(&self) -> QueryAnswer<'_> {
        let Self { request, .. } = self;
        QueryAnswer {
            query: resolved(request),
            columns: columns(request),
            rows: self.rows().into_iter().map(|row| self.named(row, false)).collect(),
            others: self.others.as_ref().map(|others| self.side(RowKind::Others, others)),
            totals: self.side(RowKind::Totals, &self.totals),
            as_of: self.as_of,
            data_version: self.data_version,
            final_after: request.final_after(),
            retained_from: self.retained_from,
            attribution: request
                .attribution
                .map_or(AnswerAttribution::Declared("declared"), |attribution| {
                    AnswerAttribution::Credit(attribution.used())
                }),
            currency: self.currencies.own,
            other_currencies: self.currencies.others.clone(),
            next: self.next.clone(),
            explain: self.explanation.as_ref().map(|explanation| AnswerExplanation {
                rollup: explanation.rollup.clone(),
                kept_rollup: explanation.kept_rollup.map(KeptRollup::as_str),
                rows: explanation.rows,
            }),
        }
    }

    fn named<'a>(&'a self, row: Row<'a>, with_kind: bool) -> Named<'a> {
        Named { request: &self.request, row, with_kind }
    }

    fn side<'a>(&'a self, kind: RowKind, side: &Side) -> RenderedSide<'a> {
        let whole = self.whole(kind, side);
        let has_series = kind == RowKind::Others && self.request.granularity != Granularity::Total;
        let series = if has_series { self.other_rows() } else { Vec::new() };
        RenderedSide {
            values: whole.values,
            previous: whole.previous,
            change: whole.change,
            series: series.into_iter().map(|row| self.named(row, false)).collect(),
        }
    }
}

fn columns(request: &QueryRequest) -> Vec<AnswerColumn> {
    let dimension = |dimension: &Dimension| AnswerColumn {
        name: dimension.as_str().to_owned(),
        kind: "dimension",
        unit: None,
        additivity: None,
    };
    let metric = |metric: &Metric| AnswerColumn {
        name: metric.as_str().to_owned(),
        kind: "metric",
        unit: Some(metric.unit()),
        additivity: Some(metric.additivity()),
    };
    request.dimensions.iter().map(dimension).chain(request.metrics.iter().map(metric)).collect()
}

/// The time of a query as it was answered.
#[derive(Serialize)]
struct ResolvedTime {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    tz: &'static str,
    granularity: &'static str,
    /// Of weeks: the day on which they begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    week_begins: Option<DayOfWeek>,
}

/// The earlier period of a query as it was answered.
#[derive(Serialize)]
struct ResolvedComparison {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Unless it is the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    align: Option<&'static str>,
}

/// Returns the query as it was answered.
pub(super) fn resolved(request: &QueryRequest) -> Json {
    let order = |(column, direction): &(Column, Direction)| {
        let name = match column {
            Column::Metric(metric) => metric.as_str(),
            Column::Dimension(dimension) => dimension.as_str(),
        };
        json!([name, if *direction == Direction::Ascending { "asc" } else { "desc" }])
    };
    let time = ResolvedTime {
        from: request.range.from(),
        to: request.range.to(),
        tz: request.zone.name(),
        granularity: request.granularity.as_str(),
        week_begins: match request.granularity {
            Granularity::Week(day) => Some(day.into()),
            _ => None,
        },
    };
    let compare = |(comparison, earlier): (Comparison, TimeRange)| ResolvedComparison {
        from: earlier.from(),
        to: earlier.to(),
        align: matches!(comparison.align, Align::Elapsed { .. }).then_some("elapsed"),
    };
    let mut query = json!({
        "metrics": request.metrics.iter().map(|metric| metric.as_str()).collect::<Vec<_>>(),
        "dimensions": request.dimensions.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
        "time": time,
        "filters": filters(request),
        "compare": request.comparison.map(compare),
        "top": request.top.map(|top| {
            json!({"n": top.n, "by": top.by.as_str(), "others": top.others})
        }),
        "order": request.order.iter().map(order).collect::<Vec<_>>(),
        "limit": (request.limit != usize::MAX).then_some(request.limit),
    });
    if let (Some(attribution), Some(fields)) = (request.attribution, query.as_object_mut()) {
        fields.insert("attribution".to_owned(), json!(attribution.used()));
    }
    query
}

/// Returns the conditions on events and on segments as one; `null` if there are none.
fn filters(request: &QueryRequest) -> Json {
    let mut parts = Vec::new();
    if !request.events.is_everything() {
        parts.push(filter(&request.events, &event_test));
    }
    if !request.segments.is_everything() {
        parts.push(filter(&request.segments, &segment_test));
    }
    match parts.len() {
        0 => Json::Null,
        1 => parts.remove(0),
        _ => json!({"and": parts}),
    }
}

fn filter<T>(own: &Filter<T>, test: &impl Fn(&T) -> Json) -> Json {
    let all =
        |filters: &[Filter<T>]| filters.iter().map(|own| filter(own, test)).collect::<Vec<_>>();
    match own {
        Filter::All(filters) => {
            let limiting = filters.iter().filter(|own| !own.is_everything());
            match limiting.map(|own| filter(own, test)).collect::<Vec<_>>().as_slice() {
                [only] => only.clone(),
                several => json!({"and": several}),
            }
        }
        Filter::Any(filters) => json!({"or": all(filters)}),
        Filter::Not(inner) => json!({"not": filter(inner, test)}),
        Filter::Test(own) => test(own),
    }
}

fn event_test(test: &EventTest) -> Json {
    match test {
        EventTest::Dimension(test) => dimension_test(test),
        EventTest::Member(membership) => json!({"cohort": membership.cohort}),
    }
}

fn dimension_test(test: &DimensionTest) -> Json {
    let (operator, texts) = match &test.test {
        TextTest::In(texts) => ("in", texts),
        TextTest::StartsWith(texts) => ("starts_with", texts),
        TextTest::Contains(texts) => ("contains", texts),
    };
    json!({"dimension": test.dimension.as_str(), operator: texts})
}

fn segment_test(test: &SegmentTest) -> Json {
    match test {
        SegmentTest::Dimension(test) => dimension_test(test),
        SegmentTest::Metric { metric, is, bound } => {
            let operator = match is {
                Relation::Greater => "gt",
                Relation::GreaterOrEqual => "gte",
                Relation::Less => "lt",
                Relation::LessOrEqual => "lte",
            };
            let number = match metric.unit() {
                Unit::Money => json!(bound.exact),
                _ => json!(f64::from_bits(bound.bits)),
            };
            json!({"metric": metric.as_str(), operator: number})
        }
    }
}
