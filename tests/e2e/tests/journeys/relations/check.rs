//! How the answers to one query and to others must fit each other.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use serde_json::{Value, json};
use testkit::Answer;

use super::{
    numbers::{Sums, add, are_nothing, flat},
    trial::Trial,
};
use crate::recount::Shops;

/// Compares the answer to a random query with those to others.
pub(super) struct Check<'a> {
    pub(super) shops: &'a Shops,
    pub(super) trial: &'a Trial,
    pub(super) asked: &'a Cell<usize>,
    pub(super) compared: &'a Cell<usize>,
}

impl Check<'_> {
    pub(super) async fn every_relation(&self) {
        let answer = self.every_tier_is_equal().await;
        self.what_is_remembered_is_what_is_read(&answer).await;
        let whole = answer.json();
        self.parts_add_up(&whole).await;
        self.granularities_agree(&whole).await;
        self.a_condition_and_its_negation_are_all(&whole).await;
        self.a_comparison_is_two_queries(&whole).await;
        self.the_series_of_a_campaign_is_a_query().await;
        if !self.trial.dimensions.is_empty() {
            self.top_and_others_are_the_totals(&whole).await;
        }
    }

    /// Every tier gives the same answer, byte by byte but for the time as of which it is and the version of its
    /// data. Returns it.
    async fn every_tier_is_equal(&self) -> Answer {
        let Trial { query, tier, .. } = self.trial;
        let answers = self.shops.ask_all(query).await;
        self.count_asked(answers.len());
        let texts = answers.each_ref().map(|(_, answer)| {
            let own = answer.json();
            let of_tenant = ["as_of", "data_version"].map(|name| format!("{name:?}:{}", own[name]));
            of_tenant.iter().fold(answer.text.clone(), |text, own| text.replacen(own, "", 1))
        });
        let [shared, schema, dedicated] = &texts;
        self.equal("own database", schema, shared);
        self.equal("own server", dedicated, shared);
        let mut own = answers.into_iter().filter(|(other, _)| other == tier);
        own.next().unwrap().1
    }

    /// An answer that is used again is that of a query which has to be read: another limit is another
    /// query, but admits all segments as well.
    async fn what_is_remembered_is_what_is_read(&self, answer: &Answer) {
        let Trial { query, tier, .. } = self.trial;
        let again = self.shops.ask_unless(*tier, query, answer.header("etag")).await;
        self.equal("used again", &again.status.as_u16(), &304);
        let read = self.ask(&Trial::other_limit()).await;
        let whole = answer.json();
        for field in ["rows", "totals"] {
            self.equal("read again", &read[field], &whole[field]);
        }
    }

    /// The parts of a range are the range.
    async fn parts_add_up(&self, whole: &Value) {
        let earlier = self.ask(&json!({"time": {"to": self.trial.cut}})).await;
        let later = self.ask(&json!({"time": {"from": self.trial.cut}})).await;
        let additive = &self.trial.additive;
        self.equal(
            "parts",
            &self.sums(&[&earlier, &later], additive),
            &self.sums(&[whole], additive),
        );
    }

    /// Fine buckets are the coarse ones, and these are the range.
    async fn granularities_agree(&self, whole: &Value) {
        let [fine, coarse] = self.trial.granularities;
        let short = self.ask(&json!({"time": {"granularity": fine}})).await;
        let long = self.ask(&json!({"time": {"granularity": coarse}})).await;
        let starts: BTreeSet<_> = rows(&long).map(start).collect();
        let what = format!("{fine} in {coarse}");
        self.equal(&what, &self.buckets(&short, &starts), &self.buckets(&long, &starts));
        let additive = &self.trial.additive;
        self.equal(coarse, &self.sums(&[&long], additive), &self.sums(&[whole], additive));
        for (name, answer) in [(fine, &short), (coarse, &long)] {
            self.equal(name, &answer["totals"], &whole["totals"]);
        }
    }

    /// What a condition selects and what it does not are all.
    async fn a_condition_and_its_negation_are_all(&self, whole: &Value) {
        let [condition, negation] = &self.trial.halves;
        let some = self.ask(&json!({"filters": condition})).await;
        let rest = self.ask(&json!({"filters": negation})).await;
        let partitioned = &self.trial.partitioned;
        let halves = self.sums(&[&some, &rest], partitioned);
        let what = format!("the halves of {condition}");
        self.equal(&what, &halves, &self.sums(&[whole], partitioned));
    }

    /// Both sides of a comparison are those of two queries.
    async fn a_comparison_is_two_queries(&self, whole: &Value) {
        let compared = self.ask(&json!({"compare": self.trial.compare})).await;
        let time = &compared["query"]["compare"];
        let earlier = self.ask(&json!({"time": {"from": time["from"], "to": time["to"]}})).await;
        for (side, answer) in [("values", whole), ("previous", &earlier)] {
            let what = format!("{side} compared with {}", self.trial.compare);
            let total = flat(&compared["totals"][side]);
            self.equal(&what, &total, &flat(&answer["totals"]["values"]));
            let segments = self.somethings(&compared, side);
            self.equal(&what, &segments, &self.somethings(answer, "values"));
        }
    }

    /// The series of a campaign has the numbers of a query of its events.
    async fn the_series_of_a_campaign_is_a_query(&self) {
        let Trial { query, tier, campaign, granularities: [_, granularity], .. } = self.trial;
        let change = json!({
            "dimensions": [], "time": {"granularity": granularity},
            "filters": {"dimension": "campaign", "in": [campaign]},
        });
        let of_campaign = self.ask(&change).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let metrics: Vec<_> = query["metrics"].as_array().unwrap().iter().map(text).collect();
        let [from, to, tz] = ["from", "to", "tz"].map(|field| text(&query["time"][field]));
        let path = format!(
            "/v1/campaigns/{campaign}/metrics?metrics={}&from={from}&to={to}&tz={tz}\
             &granularity={granularity}",
            metrics.join(",")
        );
        let (_, tenant) = self.shops.tenants.iter().find(|(own, _)| own == tier).unwrap();
        self.count_asked(1);
        let series = self.shops.platform.get(&tenant.read_key, &path).await.expect(200).json();
        let what = format!("the series of {campaign} by {granularity}");
        self.equal(&what, &series["totals"], &of_campaign["totals"]["values"]);
        let buckets = series["series"].as_array().unwrap().iter().cloned();
        let buckets: Vec<_> = buckets
            .map(|mut bucket| {
                let start = bucket.as_object_mut().unwrap().remove("start").unwrap();
                (start, bucket)
            })
            .collect();
        let rows = rows(&of_campaign).map(|row| (row["start"].clone(), row["values"].clone()));
        self.equal(&what, &buckets, &rows.collect());
    }

    /// The segments of a top and all others are the totals.
    async fn top_and_others_are_the_totals(&self, whole: &Value) {
        let top = self.ask(&json!({"top": self.trial.top})).await;
        self.equal("totals of a top", &top["totals"], &whole["totals"]);
        let mut parts = Sums::new();
        let others = Some(&top["others"]).filter(|others| others.is_object());
        for row in rows(&top).chain(others) {
            add(&mut parts, Vec::new(), &row["values"], &self.trial.partitioned);
        }
        let mut total = Sums::new();
        add(&mut total, Vec::new(), &whole["totals"]["values"], &self.trial.partitioned);
        self.equal("a top and others", &parts, &total);
    }

    /// Asks the query with changed fields.
    async fn ask(&self, change: &Value) -> Value {
        let mut query = self.trial.query.clone();
        for (field, value) in change.as_object().unwrap() {
            match value.as_object().filter(|_| field == "time") {
                Some(time) => query["time"].as_object_mut().unwrap().extend(time.clone()),
                None => query[field] = value.clone(),
            }
        }
        self.count_asked(1);
        let answer = self.shops.ask(self.trial.tier, &query).await.json();
        assert_eq!(answer["next"], Value::Null, "{query}: the answer has all segments");
        answer
    }

    fn count_asked(&self, number: usize) {
        self.asked.set(self.asked.get() + number);
    }

    fn equal<T: PartialEq + Debug>(&self, relation: &str, one: &T, other: &T) {
        let Trial { query, tier, .. } = self.trial;
        assert_eq!(one, other, "{relation}, {tier:?}: {query}");
        self.compared.set(self.compared.get() + 1);
    }

    /// Returns the values of the dimensions of a row.
    fn keys(&self, row: &Value) -> Vec<String> {
        let names = self.trial.dimensions.iter();
        names.map(|name| row[name].as_str().unwrap().to_owned()).collect()
    }

    /// Adds up the rows of each segment, and the totals, of some answers.
    fn sums(&self, answers: &[&Value], metrics: &[String]) -> Sums {
        let mut sums = Sums::new();
        for answer in answers {
            for row in rows(answer) {
                add(&mut sums, self.keys(row), &row["values"], metrics);
            }
            let totals = &answer["totals"]["values"];
            add(&mut sums, vec!["totals".to_owned(); 3], totals, metrics);
        }
        sums
    }

    /// Adds up the rows of each segment in each of the buckets with these starts.
    fn buckets(&self, answer: &Value, starts: &BTreeSet<&str>) -> Sums {
        let mut sums = Sums::new();
        for row in rows(answer) {
            let mut about = self.keys(row);
            let bucket = starts.iter().rev().find(|first| **first <= start(row));
            about.extend(bucket.map(|first| (*first).to_owned()));
            add(&mut sums, about, &row["values"], &self.trial.additive);
        }
        sums
    }

    /// Returns one side of each row, unless it is zero or undefined.
    fn somethings(&self, answer: &Value, side: &str) -> BTreeMap<Vec<String>, Value> {
        let sides = rows(answer).map(|row| (self.keys(row), flat(&row[side])));
        sides.filter(|(_, values)| !are_nothing(values)).collect()
    }
}

fn rows(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["rows"].as_array().unwrap().iter()
}

/// Returns the start of a row's bucket; texts of times are in the order of the times.
fn start(row: &Value) -> &str {
    row["start"].as_str().unwrap()
}
