//! The numbers of a query, counted from the events that were sent.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::{View, catalogue::Dimension, clock, sent::Sent};
use crate::formulas::{Part, ShopSales, Sums, session_begins};

/// The text of each number, by its place: the segment, the start of the bucket, and the metric.
pub(super) type Numbers = BTreeMap<[String; 3], String>;

/// The place of what belongs to no segment.
const TOTALS: &str = "totals";

/// The sums of every segment in every bucket.
pub(super) struct Table<'a> {
    starts: Vec<DateTime<Utc>>,
    segments: BTreeMap<Cow<'a, str>, Segment<'a>>,
    total: Sums<'a>,
    /// All events as a whole.
    shop: Segment<'a>,
}

#[derive(Default)]
struct Segment<'a> {
    whole: Sums<'a>,
    buckets: BTreeMap<DateTime<Utc>, Sums<'a>>,
}

impl<'a> Table<'a> {
    /// Counts the events of a view by a dimension, or all together.
    pub(super) fn count(view: &View<'a>, zone: Tz, dimension: Option<&Dimension>) -> Self {
        let starts = clock::starts(&view.range, zone, view.granularity);
        let mut segments = BTreeMap::<_, Segment<'a>>::new();
        let mut total = Sums::default();
        let mut shop = Segment::default();
        if dimension.is_none() {
            segments.insert(Cow::Borrowed(""), Segment::default());
        }
        for sent in view.events.iter().filter(|sent| view.range.contains(&sent.time)) {
            let start = bucket(&starts, sent.time);
            shop.whole.add(&sent.whole());
            shop.buckets.entry(start).or_default().add(&sent.whole());
            let is_of_products = dimension.is_some_and(|dimension| dimension.is_of_products);
            total.add(&if is_of_products { sent.items() } else { sent.whole() });
            for (value, part) in parts(sent, zone, dimension) {
                let segment = segments.entry(value).or_default();
                segment.whole.add(&part);
                segment.buckets.entry(start).or_default().add(&part);
            }
        }
        let mut table = Self { starts, segments, total, shop };
        table.count_sessions(view, zone, dimension);
        table
    }

    /// Counts the sessions that begin in the range. Events before it tell whether one goes on.
    fn count_sessions(&mut self, view: &View<'a>, zone: Tz, dimension: Option<&Dimension>) {
        let mut visits = BTreeMap::<_, Vec<_>>::new();
        for sent in view.events {
            for (value, part) in parts(sent, zone, dimension) {
                visits.entry(value).or_default().push((part.visitor, sent.time));
            }
        }
        let within = |begins: Vec<DateTime<Utc>>| {
            begins.into_iter().filter(|begin| view.range.contains(begin))
        };
        for (value, events) in visits {
            for begin in within(session_begins(events.into_iter())) {
                let segment = self.segments.entry(value.clone()).or_default();
                segment.whole.add_sessions(1);
                let start = bucket(&self.starts, begin);
                segment.buckets.entry(start).or_default().add_sessions(1);
            }
        }
        let all = view.events.iter().map(|sent| (sent.text("visitor_id"), sent.time));
        self.total.add_sessions(within(session_begins(all)).count());
    }

    /// Returns what an answer with these metrics must have: a row for each bucket of each segment in
    /// which there is something, and the totals.
    pub(super) fn numbers(&self, dimension: Option<&Dimension>, metrics: &[&str]) -> Numbers {
        let others = self.total.others(metrics);
        let nothing = Sums::default();
        let no_sales = ShopSales::new();
        let mut numbers = Numbers::new();
        for (value, segment) in &self.segments {
            if dimension.is_some()
                && !segment.whole.says_something(metrics, self.shop.whole.sales())
            {
                continue;
            }
            for start in &self.starts {
                let sums = segment.buckets.get(start).unwrap_or(&nothing);
                let sales = self.shop.buckets.get(start).map_or(&no_sales, Sums::sales);
                let values = Value::Object(sums.values(metrics, &others, sales));
                let text = start.to_rfc3339_opts(SecondsFormat::Secs, true);
                add(&mut numbers, &format!("{value:?}"), &text, &values);
            }
        }
        let values = Value::Object(self.total.values(metrics, &others, self.shop.whole.sales()));
        add_totals(&mut numbers, &values, &json!(others));
        // The text of a number is compared, as the answer's numbers are read.
        numbers.into_iter().map(|(place, number)| (place, as_read(&number))).collect()
    }
}

/// Returns the start of the bucket of a time.
fn bucket(starts: &[DateTime<Utc>], time: DateTime<Utc>) -> DateTime<Utc> {
    starts[starts.partition_point(|start| *start <= time) - 1]
}

/// Returns what an event adds to each segment.
fn parts<'a>(
    sent: &'a Sent,
    zone: Tz,
    dimension: Option<&Dimension>,
) -> Vec<(Cow<'a, str>, Part<'a>)> {
    match dimension {
        None => vec![(Cow::Borrowed(""), sent.whole())],
        Some(dimension) => sent.parts(dimension, zone),
    }
}

/// Returns the numbers of an answer.
pub(super) fn answered(answer: &Value, dimension: Option<&Dimension>) -> Numbers {
    assert_eq!(answer["next"], Value::Null, "the answer has all segments");
    let mut numbers = Numbers::new();
    for row in answer["rows"].as_array().unwrap() {
        let value = dimension.map_or("", |dimension| row[&dimension.name].as_str().unwrap());
        let start = row["start"].as_str().unwrap();
        add(&mut numbers, &format!("{value:?}"), start, &row["values"]);
    }
    add_totals(&mut numbers, &answer["totals"]["values"], &answer["other_currencies"]);
    numbers
}

/// Describes every number in which an answer differs.
pub(super) fn differences(expected: &Numbers, actual: &Numbers) -> Vec<String> {
    let places: BTreeSet<_> = expected.keys().chain(actual.keys()).collect();
    let places = places.into_iter().filter(|place| expected.get(*place) != actual.get(*place));
    let described = places.map(|place| {
        let [segment, start, metric] = place;
        let [right, wrong] = [expected, actual].map(|numbers| shown(numbers, place));
        format!("{metric} of {segment} from {start}: expected {right}, actual {wrong}")
    });
    described.collect()
}

fn shown<'a>(numbers: &'a Numbers, place: &[String; 3]) -> &'a str {
    numbers.get(place).map_or("nothing", String::as_str)
}

fn add(numbers: &mut Numbers, segment: &str, start: &str, values: &Value) {
    let place = |metric: String| [segment.to_owned(), start.to_owned(), metric];
    for (metric, value) in values.as_object().unwrap() {
        if metric != "by_currency" {
            numbers.insert(place(metric.clone()), value.to_string());
            continue;
        }
        for (currency, amounts) in value.as_object().unwrap() {
            for (metric, amount) in amounts.as_object().unwrap() {
                numbers.insert(place(format!("{metric} in {currency}")), amount.to_string());
            }
        }
    }
}

fn add_totals(numbers: &mut Numbers, values: &Value, others: &Value) {
    add(numbers, TOTALS, "", values);
    let place = [TOTALS, "", "other_currencies"].map(str::to_owned);
    numbers.insert(place, others.to_string());
}

fn as_read(number: &str) -> String {
    serde_json::from_str::<Value>(number).unwrap().to_string()
}
