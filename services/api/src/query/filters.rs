use metrics::{Dimension, DimensionTest, Dimensions, EventTest, Filter, Metric, TextTest, Unit};
use money::Amount;
use problem::Problem;

use super::{
    body::{Bound, FilterBody},
    contradictions, names,
    request::{Relation, SegmentTest, Threshold},
};

/// The most conditions within conditions.
const DEEPEST: usize = 10;
/// The most tests of a filter.
const MOST_TESTS: usize = 100;
/// The most texts of a test.
const MOST_TEXTS: usize = 1_000;
/// The most bytes of all texts of a filter: they are parameters of a request to the store.
const MOST_BYTES: usize = 200_000;
/// Why a cohort tests no cohort.
const OF_EVENTS_ALONE: &str = "is not possible within a cohort, which is made of events alone: combine \
                               cohorts by `and`, `or` and `not` where you ask";

/// A wrong part of a filter: its JSON pointer, and what would be correct.
pub(super) type Wrong = (String, String);

/// A filter, in two parts that both must hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filters {
    /// Selects events.
    pub(super) events: Filter<EventTest>,
    /// Selects segments.
    pub(super) segments: Filter<SegmentTest>,
}

/// A test, of an event or of a metric.
pub(super) enum AnyTest {
    Event(EventTest),
    Metric { metric: Metric, is: Relation, bound: Threshold },
}

/// Reads a filter of a query that segments by `dimensions`, of a tenant with the dimensions `known`.
pub(super) fn read(
    body: &FilterBody,
    dimensions: &[Dimension],
    known: &Dimensions,
) -> Result<Filters, Wrong> {
    let filter = Reader::new(known).filter(body, "/filters", 0)?;
    let parts = match filter {
        Filter::All(parts) => parts,
        other => vec![other],
    };
    let is_of_events =
        |part: &Filter<AnyTest>| part.tests().iter().all(|test| matches!(test, AnyTest::Event(_)));
    let (events, segments): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_of_events);
    let events = Filter::All(events).try_map(&|test| match test {
        AnyTest::Event(test) => Ok(test),
        AnyTest::Metric { .. } => Err(("/filters".to_owned(), "is not of events".to_owned())),
    })?;
    let segments = Filter::All(segments)
        .try_map(&|test| segment_test(test, dimensions))
        .map_err(|reason| ("/filters".to_owned(), reason))?;
    Ok(Filters { events, segments })
}

/// Returns the test of a segment; or the reason why it is none.
fn segment_test(test: AnyTest, dimensions: &[Dimension]) -> Result<SegmentTest, String> {
    match test {
        AnyTest::Metric { metric, is, bound } => Ok(SegmentTest::Metric { metric, is, bound }),
        AnyTest::Event(EventTest::Dimension(test)) if dimensions.contains(&test.dimension) => {
            Ok(SegmentTest::Dimension(test))
        }
        AnyTest::Event(EventTest::Dimension(test)) => {
            let name = test.dimension.as_str();
            Err(format!(
                "tests `{name}` and a metric in one `or` or `not`, which selects segments: add `{name}` \
                 to `dimensions`, or test it in an `and` of its own"
            ))
        }
        AnyTest::Event(EventTest::Member(_)) => {
            let reason = "tests a cohort and a metric in one `or` or `not`, which selects segments: test the \
                          cohort in an `and` of its own";
            Err(reason.to_owned())
        }
    }
}

/// Reads a filter that may test events of any type only, by the dimensions `known`; `pointer` is where it is.
/// Without one, all are selected.
///
/// # Errors
/// The first wrong part.
pub(crate) fn of_events(
    body: Option<&FilterBody>,
    pointer: &str,
    known: &Dimensions,
) -> Result<Filter<EventTest>, Problem> {
    read_of_events(Reader::new(known), body, pointer)
}

/// Reads a filter of the events that make a cohort: it tests the dimensions `known` only.
///
/// # Errors
/// The first wrong part.
pub(crate) fn of_cohort(
    body: Option<&FilterBody>,
    pointer: &str,
    known: &Dimensions,
) -> Result<Filter<DimensionTest>, Problem> {
    let reader = Reader { is_of_cohort: true, ..Reader::new(known) };
    read_of_events(reader, body, pointer)?.try_map(&|test| match test {
        EventTest::Dimension(test) => Ok(test),
        EventTest::Member(_) => Err(Problem::field(pointer, OF_EVENTS_ALONE)),
    })
}

fn read_of_events(
    mut reader: Reader<'_>,
    body: Option<&FilterBody>,
    pointer: &str,
) -> Result<Filter<EventTest>, Problem> {
    let Some(body) = body else {
        return Ok(Filter::EVERYTHING);
    };
    let filter = reader
        .filter(body, pointer, 0)
        .map_err(|(pointer, reason)| Problem::field(pointer, reason))?;
    filter.try_map(&|test| match test {
        AnyTest::Event(EventTest::Dimension(DimensionTest { dimension, test })) => {
            let dimension = names::of_any_event(dimension);
            let dimension = dimension.map_err(|reason| Problem::field(pointer, reason))?;
            Ok(DimensionTest { dimension, test }.into())
        }
        AnyTest::Event(member @ EventTest::Member(_)) => Ok(member),
        AnyTest::Metric { metric, .. } => {
            let reason = format!("may not test `{}`: only dimensions of events", metric.as_str());
            Err(Problem::field(pointer, reason))
        }
    })
}

/// Reads one filter, and counts what it has.
struct Reader<'a> {
    known: &'a Dimensions,
    is_of_cohort: bool,
    tests: usize,
    bytes: usize,
}

impl<'a> Reader<'a> {
    fn new(known: &'a Dimensions) -> Self {
        Self { known, is_of_cohort: false, tests: 0, bytes: 0 }
    }

    fn filter(
        &mut self,
        body: &FilterBody,
        pointer: &str,
        depth: usize,
    ) -> Result<Filter<AnyTest>, Wrong> {
        if depth > DEEPEST {
            let reason = format!("may contain conditions at most {DEEPEST} deep");
            return Err((pointer.to_owned(), reason));
        }
        let mut all = |filters: &[FilterBody], name: &str| {
            let each = filters.iter().enumerate();
            each.map(|(index, filter)| {
                self.filter(filter, &format!("{pointer}/{name}/{index}"), depth + 1)
            })
            .collect::<Result<Vec<_>, _>>()
        };
        match body {
            FilterBody {
                and: Some(filters),
                or: None,
                not: None,
                dimension: None,
                metric: None,
                cohort: None,
                ..
            } => {
                body.without_tests(pointer)?;
                let filters = all(filters, "and")?;
                if let Some((index, dimension)) = contradictions::without_value(&filters) {
                    let name = dimension.as_str();
                    let reason = format!(
                        "leaves no value of `{name}` with the tests before it in this `and`: name the \
                         values in one test, or use `or`"
                    );
                    return Err((format!("{pointer}/and/{index}/in"), reason));
                }
                Ok(Filter::All(filters))
            }
            FilterBody {
                or: Some(filters),
                and: None,
                not: None,
                dimension: None,
                metric: None,
                cohort: None,
                ..
            } => {
                body.without_tests(pointer)?;
                all(filters, "or").map(Filter::Any)
            }
            FilterBody {
                not: Some(filter),
                and: None,
                or: None,
                dimension: None,
                metric: None,
                cohort: None,
                ..
            } => {
                body.without_tests(pointer)?;
                let inner = self.filter(filter, &format!("{pointer}/not"), depth + 1)?;
                Ok(Filter::Not(Box::new(inner)))
            }
            FilterBody {
                dimension: Some(name),
                and: None,
                or: None,
                not: None,
                metric: None,
                cohort: None,
                ..
            } => self.dimension(body, name, pointer),
            FilterBody {
                metric: Some(name),
                and: None,
                or: None,
                not: None,
                dimension: None,
                cohort: None,
                ..
            } => self.metric(body, name, pointer),
            FilterBody {
                cohort: Some(named),
                and: None,
                or: None,
                not: None,
                dimension: None,
                metric: None,
                ..
            } => {
                body.without_tests(pointer)?;
                let pointer = format!("{pointer}/cohort");
                if self.is_of_cohort {
                    return Err((pointer, OF_EVENTS_ALONE.to_owned()));
                }
                self.count(&[], &pointer)?;
                let membership = named.membership().map_err(|reason| (pointer, reason))?;
                Ok(Filter::Test(AnyTest::Event(EventTest::Member(membership))))
            }
            _ => {
                let reason =
                    "must have exactly one of `and`, `or`, `not`, `dimension`, `metric`, `cohort`";
                Err((pointer.to_owned(), reason.to_owned()))
            }
        }
    }

    fn dimension(
        &mut self,
        body: &FilterBody,
        name: &str,
        pointer: &str,
    ) -> Result<Filter<AnyTest>, Wrong> {
        let dimension = names::dimension(name, self.known)
            .map_err(|reason| (format!("{pointer}/dimension"), reason))?;
        let given: Vec<_> = [
            ("in", &body.is_in),
            ("not_in", &body.not_in),
            ("starts_with", &body.starts_with),
            ("contains", &body.contains),
        ]
        .into_iter()
        .filter_map(|(name, texts)| Some((name, texts.as_ref()?)))
        .collect();
        let [(operator, texts)] = given.as_slice() else {
            let reason = "must have exactly one of `in`, `not_in`, `starts_with`, `contains` for a dimension";
            return Err((pointer.to_owned(), reason.to_owned()));
        };
        if body.bounds().next().is_some() {
            let reason = "`gt`, `gte`, `lt` and `lte` are for metrics";
            return Err((pointer.to_owned(), reason.to_owned()));
        }
        if texts.is_empty() {
            let reason = "must have at least one value; without a test, all are selected";
            return Err((format!("{pointer}/{operator}"), reason.to_owned()));
        }
        self.count(texts, &format!("{pointer}/{operator}"))?;
        let texts = (*texts).clone();
        let test = match *operator {
            "starts_with" => TextTest::StartsWith(texts),
            "contains" => TextTest::Contains(texts),
            _ => TextTest::In(texts),
        };
        let test = Filter::Test(AnyTest::Event(DimensionTest { dimension, test }.into()));
        Ok(if *operator == "not_in" { Filter::Not(Box::new(test)) } else { test })
    }

    fn metric(
        &mut self,
        body: &FilterBody,
        name: &str,
        pointer: &str,
    ) -> Result<Filter<AnyTest>, Wrong> {
        let metric = names::metric(name).map_err(|reason| (format!("{pointer}/metric"), reason))?;
        let is_text = [&body.is_in, &body.not_in, &body.starts_with, &body.contains];
        if is_text.into_iter().any(Option::is_some) {
            let reason = "`in`, `not_in`, `starts_with` and `contains` are for dimensions";
            return Err((pointer.to_owned(), reason.to_owned()));
        }
        let mut bounds = Vec::new();
        for (name, is, bound) in body.bounds() {
            let bound =
                threshold(bound, metric).map_err(|reason| (format!("{pointer}/{name}"), reason))?;
            self.count(&[], pointer)?;
            bounds.push((is, bound));
        }
        if bounds.is_empty() {
            let reason = "must have at least one of `gt`, `gte`, `lt`, `lte` for a metric";
            return Err((pointer.to_owned(), reason.to_owned()));
        }
        if contradictions::is_empty(metric, &bounds) {
            let reason = "leaves no value: `gt` and `gte` must be less than `lt` and `lte`";
            return Err((pointer.to_owned(), reason.to_owned()));
        }
        let tests = bounds.into_iter();
        let tests = tests.map(|(is, bound)| Filter::Test(AnyTest::Metric { metric, is, bound }));
        Ok(Filter::All(tests.collect()))
    }

    fn count(&mut self, texts: &[String], pointer: &str) -> Result<(), Wrong> {
        self.tests += 1;
        self.bytes += texts.iter().map(|text| text.len() + 4).sum::<usize>();
        let reason = if self.tests > MOST_TESTS {
            format!("a filter may have at most {MOST_TESTS} tests")
        } else if texts.len() > MOST_TEXTS {
            format!("may have at most {MOST_TEXTS} values")
        } else if self.bytes > MOST_BYTES {
            format!("the values of a filter may have at most {MOST_BYTES} bytes")
        } else {
            return Ok(());
        };
        Err((pointer.to_owned(), reason))
    }
}

impl FilterBody {
    fn bounds(&self) -> impl Iterator<Item = (&'static str, Relation, &Bound)> {
        [
            ("gt", Relation::Greater, &self.gt),
            ("gte", Relation::GreaterOrEqual, &self.gte),
            ("lt", Relation::Less, &self.lt),
            ("lte", Relation::LessOrEqual, &self.lte),
        ]
        .into_iter()
        .filter_map(|(name, relation, bound)| Some((name, relation, bound.as_ref()?)))
    }

    fn without_tests(&self, pointer: &str) -> Result<(), Wrong> {
        let texts = [&self.is_in, &self.not_in, &self.starts_with, &self.contains];
        if texts.into_iter().any(Option::is_some) || self.bounds().next().is_some() {
            let reason = "a test needs its `dimension` or `metric` beside it";
            return Err((pointer.to_owned(), reason.to_owned()));
        }
        Ok(())
    }
}

fn threshold(bound: &Bound, metric: Metric) -> Result<Threshold, String> {
    let text = match bound {
        Bound::Number(number) => number.to_string(),
        Bound::Text(text) => text.clone(),
    };
    let binary: f64 = text
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| "must be a number such as 1000 or \"12.50\"".to_owned())?;
    let (exact, is_exact) = match metric.unit() {
        Unit::Ratio => (Amount::ZERO, true),
        _ => Amount::nearest(&text).map_err(|error| error.to_string())?,
    };
    if !is_exact {
        return Err("must have at most six decimal places".to_owned());
    }
    Ok(Threshold { exact, bits: binary.to_bits() })
}
