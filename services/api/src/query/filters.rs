use metrics::{Dimension, DimensionTest, Dimensions, Filter, Metric, TextTest, Unit};
use money::Amount;
use problem::Problem;

use super::{
    body::{Bound, FilterBody},
    names,
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

/// A wrong part of a filter: its JSON pointer, and what would be correct.
pub(super) type Wrong = (String, String);

/// A filter, in two parts that both must hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filters {
    /// Selects events.
    pub(super) events: Filter<DimensionTest>,
    /// Selects segments.
    pub(super) segments: Filter<SegmentTest>,
}

/// Reads a filter of a query that segments by `dimensions`, of a tenant with the dimensions `known`.
pub(super) fn read(
    body: &FilterBody,
    dimensions: &[Dimension],
    known: &Dimensions,
) -> Result<Filters, Wrong> {
    let mut reader = Reader { known, tests: 0, bytes: 0 };
    let filter = reader.filter(body, "/filters", 0)?;
    let parts = match filter {
        Filter::All(parts) => parts,
        other => vec![other],
    };
    let is_of_events = |part: &Filter<SegmentTest>| {
        part.tests().iter().all(|test| matches!(test, SegmentTest::Dimension(_)))
    };
    let (events, segments): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_of_events);
    for test in segments.iter().flat_map(Filter::tests) {
        if let SegmentTest::Dimension(DimensionTest { dimension, .. }) = test
            && !dimensions.contains(dimension)
        {
            let name = dimension.as_str();
            let reason = format!(
                "tests `{name}` and a metric in one `or` or `not`, which selects segments: add `{name}` \
                 to `dimensions`, or test it in an `and` of its own"
            );
            return Err(("/filters".to_owned(), reason));
        }
    }
    let events = Filter::All(events).try_map(&|test| match test {
        SegmentTest::Dimension(test) => Ok(test),
        SegmentTest::Metric { .. } => Err(("/filters".to_owned(), "is not of events".to_owned())),
    })?;
    Ok(Filters { events, segments: Filter::All(segments) })
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
) -> Result<Filter<DimensionTest>, Problem> {
    let Some(body) = body else {
        return Ok(Filter::EVERYTHING);
    };
    let filter = Reader { known, tests: 0, bytes: 0 }
        .filter(body, pointer, 0)
        .map_err(|(pointer, reason)| Problem::field(pointer, reason))?;
    filter.try_map(&|test| match test {
        SegmentTest::Dimension(DimensionTest { dimension, test }) => {
            let dimension = names::of_any_event(dimension);
            let dimension = dimension.map_err(|reason| Problem::field(pointer, reason))?;
            Ok(DimensionTest { dimension, test })
        }
        SegmentTest::Metric { metric, .. } => {
            let reason = format!("may not test `{}`: only dimensions of events", metric.as_str());
            Err(Problem::field(pointer, reason))
        }
    })
}

struct Reader<'a> {
    known: &'a Dimensions,
    tests: usize,
    bytes: usize,
}

impl Reader<'_> {
    fn filter(
        &mut self,
        body: &FilterBody,
        pointer: &str,
        depth: usize,
    ) -> Result<Filter<SegmentTest>, Wrong> {
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
                ..
            } => {
                body.without_tests(pointer)?;
                all(filters, "and").map(Filter::All)
            }
            FilterBody {
                or: Some(filters),
                and: None,
                not: None,
                dimension: None,
                metric: None,
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
                ..
            } => self.dimension(body, name, pointer),
            FilterBody {
                metric: Some(name),
                and: None,
                or: None,
                not: None,
                dimension: None,
                ..
            } => self.metric(body, name, pointer),
            _ => {
                let reason = "must have exactly one of `and`, `or`, `not`, `dimension`, `metric`";
                Err((pointer.to_owned(), reason.to_owned()))
            }
        }
    }

    fn dimension(
        &mut self,
        body: &FilterBody,
        name: &str,
        pointer: &str,
    ) -> Result<Filter<SegmentTest>, Wrong> {
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
        self.count(texts, &format!("{pointer}/{operator}"))?;
        let texts = (*texts).clone();
        let test = match *operator {
            "starts_with" => TextTest::StartsWith(texts),
            "contains" => TextTest::Contains(texts),
            _ => TextTest::In(texts),
        };
        let test = Filter::Test(SegmentTest::Dimension(DimensionTest { dimension, test }));
        Ok(if *operator == "not_in" { Filter::Not(Box::new(test)) } else { test })
    }

    fn metric(
        &mut self,
        body: &FilterBody,
        name: &str,
        pointer: &str,
    ) -> Result<Filter<SegmentTest>, Wrong> {
        let metric = names::metric(name).map_err(|reason| (format!("{pointer}/metric"), reason))?;
        let is_text = [&body.is_in, &body.not_in, &body.starts_with, &body.contains];
        if is_text.into_iter().any(Option::is_some) {
            let reason = "`in`, `not_in`, `starts_with` and `contains` are for dimensions";
            return Err((pointer.to_owned(), reason.to_owned()));
        }
        let mut tests = Vec::new();
        for (name, is, bound) in body.bounds() {
            let bound =
                threshold(bound, metric).map_err(|reason| (format!("{pointer}/{name}"), reason))?;
            self.count(&[], pointer)?;
            tests.push(Filter::Test(SegmentTest::Metric { metric, is, bound }));
        }
        if tests.is_empty() {
            let reason = "must have at least one of `gt`, `gte`, `lt`, `lte` for a metric";
            return Err((pointer.to_owned(), reason.to_owned()));
        }
        Ok(Filter::All(tests))
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
