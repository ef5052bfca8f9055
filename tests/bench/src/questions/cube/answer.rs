//! Answers of both in one form.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::question::{Kind, METRICS, TOP};
use crate::Failure;

/// How far two numbers may differ in relation to the larger: as the rounding of floating-point numbers does.
const TOLERANCE: f64 = 1e-12;

/// The beginning of a time that names its hour.
const HOUR: usize = "2026-11-28T10".len();

/// Between the names of a segment: it sorts before any character, as the api orders equal segments.
const SEPARATOR: &str = "\0";

/// Numbers by the place that they have in the answer: an hour, or a segment and the period.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answer(BTreeMap<String, Values>);

/// The values of the metrics, in their order; `None` for a ratio without a denominator.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Values([Option<f64>; METRICS.len()]);

/// The values of a segment in the range and in the period before.
#[derive(Clone, Copy, Debug, Default)]
struct Compared {
    now: Values,
    before: Values,
}

impl Answer {
    /// Reads an answer of the api.
    ///
    /// # Errors
    /// It is none to this kind of question.
    pub(super) fn of_api(kind: Kind, answer: &Json) -> Result<Self, Failure> {
        let value = |row: &Json| Values::read(row, str::to_owned);
        let compared =
            |row: &Json| Compared { now: value(&row["values"]), before: value(&row["previous"]) };
        let mut read = Self::default();
        if kind == Kind::Series {
            for row in list(&answer["series"])? {
                read.add_hour(&row["start"], value(row))?;
            }
            return Ok(read);
        }
        for row in list(&answer["rows"])? {
            let names = kind.dimensions().iter().map(|name| text(&row[name]));
            read.add(&segment(names)?, compared(row));
        }
        if let Some(others) = answer.get("others") {
            read.add("others", compared(others));
        }
        read.add("totals", compared(&answer["totals"]));
        Ok(read)
    }

    /// Reads an answer of Cube, and takes the top, the others and the totals from its segments.
    ///
    /// # Errors
    /// It is none to this kind of question.
    pub(super) fn of_cube(kind: Kind, answer: &Json) -> Result<Self, Failure> {
        let value = |row: &Json| Values::read(row, |metric| kind.member(metric));
        if let Some(error) = answer.get("error") {
            return Err(format!("Cube answers {error}").into());
        }
        let results = list(&answer["results"])?;
        let mut read = Self::default();
        if kind == Kind::Series {
            for row in list(&results.first().ok_or("no result of Cube")?["data"])? {
                read.add_hour(&row[kind.member("time")], value(row))?;
            }
            return Ok(read);
        }
        let [now, before] = results.as_slice() else {
            return Err(format!("Cube compared {} periods", results.len()).into());
        };
        let mut segments = BTreeMap::<_, Compared>::new();
        let names = |row: &Json| {
            segment(kind.dimensions().iter().map(|name| text(&row[kind.member(name)])))
        };
        for row in list(&now["data"])? {
            segments.entry(names(row)?).or_default().now = value(row);
        }
        for row in list(&before["data"])? {
            segments.entry(names(row)?).or_default().before = value(row);
        }
        read.add_top(segments);
        Ok(read)
    }

    /// Returns where two answers differ, and both values; `None` if they are equal.
    pub(super) fn difference(&self, cubes: &Self) -> Option<String> {
        let places: BTreeSet<_> = self.0.keys().chain(cubes.0.keys()).collect();
        places.into_iter().find_map(|place| {
            let (own, other) = (self.0.get(place), cubes.0.get(place));
            let equal = match (own, other) {
                (Some(own), Some(other)) => own.equals(other),
                _ => false,
            };
            let shown = |values: Option<&Values>| {
                values.map_or("nothing".to_owned(), |Values(all)| format!("{all:?}"))
            };
            (!equal).then(|| {
                let (own, other) = (shown(own), shown(other));
                let place = place.replace(SEPARATOR, " and ");
                format!("{place}, {METRICS:?}: the api answers {own}, Cube {other}")
            })
        })
    }

    /// Adds an hour, unless nothing happened in it: Cube leaves these out.
    fn add_hour(&mut self, start: &Json, values: Values) -> Result<(), Failure> {
        if values != Values::default() {
            let hour = text(start)?.get(..HOUR).ok_or("a time without an hour")?;
            self.0.insert(hour.to_owned(), values);
        }
        Ok(())
    }

    fn add(&mut self, place: &str, Compared { now, before }: Compared) {
        self.0.insert(format!("{place}, now"), now);
        self.0.insert(format!("{place}, before"), before);
    }

    /// Adds the segments with the largest sales, of equal ones the first by name; all others; and all.
    fn add_top(&mut self, segments: BTreeMap<String, Compared>) {
        let mut segments: Vec<_> = segments.into_iter().collect();
        segments.sort_by(|(_, one), (_, other)| other.now.sales().total_cmp(&one.now.sales()));
        self.add("totals", Compared::sum(&segments));
        let others = segments.split_off(TOP.min(segments.len()));
        if !others.is_empty() {
            self.add("others", Compared::sum(&others));
        }
        for (name, compared) in segments {
            self.add(&name, compared);
        }
    }
}

impl Values {
    fn read(row: &Json, name: impl Fn(&str) -> String) -> Self {
        Self(METRICS.map(|metric| number(&row[name(metric)])))
    }

    fn sum(all: impl Iterator<Item = Self>) -> Self {
        let mut sums = [0.0; METRICS.len()];
        for Self(values) in all {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value.unwrap_or_default();
            }
        }
        let [impressions, clicks, _, spend, sales, _] = sums;
        let ratio = |value: f64, of: f64| (of != 0.0).then_some(value / of);
        let (ctr, roas) = (ratio(clicks, impressions), ratio(sales, spend));
        Self([Some(impressions), Some(clicks), ctr, Some(spend), Some(sales), roas])
    }

    fn sales(&self) -> f64 {
        let Self([_, _, _, _, sales, _]) = self;
        sales.unwrap_or_default()
    }

    fn equals(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| match (one, other) {
            (Some(one), Some(other)) => {
                (one - other).abs() <= TOLERANCE * one.abs().max(other.abs())
            }
            (one, other) => one == other,
        })
    }
}

impl Default for Values {
    /// Those of a segment without events.
    fn default() -> Self {
        Self([Some(0.0), Some(0.0), None, Some(0.0), Some(0.0), None])
    }
}

impl Compared {
    fn sum(segments: &[(String, Self)]) -> Self {
        let all = segments.iter().map(|(_, compared)| compared);
        Self {
            now: Values::sum(all.clone().map(|compared| compared.now)),
            before: Values::sum(all.map(|compared| compared.before)),
        }
    }
}

fn list(value: &Json) -> Result<&Vec<Json>, Failure> {
    Ok(value.as_array().ok_or_else(|| format!("{value} is no list"))?)
}

fn text(value: &Json) -> Result<&str, Failure> {
    Ok(value.as_str().ok_or_else(|| format!("{value} is no text"))?)
}

/// Reads a number, which may be a text.
fn number(value: &Json) -> Option<f64> {
    value.as_str().map_or_else(|| value.as_f64(), |text| text.parse().ok())
}

fn segment<'a>(names: impl Iterator<Item = Result<&'a str, Failure>>) -> Result<String, Failure> {
    let names: Vec<_> = names.collect::<Result<_, _>>()?;
    Ok(names.join(SEPARATOR))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_cube(now: &[(&str, u32)], before: &[(&str, u32)]) -> Answer {
        let rows = |rows: &[(&str, u32)]| -> Vec<_> {
            let row = |(device, sales): &(&str, u32)| {
                json!({
                    "sources.device": device, "sources.country": "DE", "sources.impressions": "4",
                    "sources.clicks": "1", "sources.ctr": "0.25", "sources.spend": "2",
                    "sources.sales": sales.to_string(), "sources.roas": (f64::from(*sales) / 2.0).to_string(),
                })
            };
            rows.iter().map(row).collect()
        };
        let results = json!([{"data": rows(now)}, {"data": rows(before)}]);
        Answer::of_cube(Kind::Sources, &json!({"results": results})).unwrap()
    }

    fn of_api(totals_of_sales: &str) -> Answer {
        let side = |sales: &str, rows: u32| {
            let (sales_number, spend) = (sales.parse::<f64>().unwrap(), 2.0 * f64::from(rows));
            json!({
                "impressions": 4 * rows, "clicks": rows, "ctr": if rows > 0 { Some(0.25) } else { None },
                "spend": spend.to_string(), "sales": sales,
                "roas": if rows > 0 { Some(sales_number / spend) } else { None },
            })
        };
        let answer = json!({
            "rows": [
                {"device": "mobile", "country": "DE", "values": side("8", 1), "previous": side("0", 0)},
                {"device": "tablet", "country": "DE", "values": side("2", 1), "previous": side("6", 1)},
            ],
            "totals": {"values": side(totals_of_sales, 2), "previous": side("6", 1)},
        });
        Answer::of_api(Kind::Sources, &answer).unwrap()
    }

    #[test]
    fn equal_answers_of_both_have_no_difference() {
        let cubes = of_cube(&[("tablet", 2), ("mobile", 8)], &[("tablet", 6)]);
        assert_eq!(of_api("10").difference(&cubes), None);
    }

    #[test]
    fn a_difference_has_its_place_and_both_values() {
        let cubes = of_cube(&[("tablet", 2), ("mobile", 8)], &[("tablet", 6)]);
        let difference = of_api("10.000001").difference(&cubes).unwrap();
        assert!(difference.starts_with("totals, now"), "{difference}");
        assert!(difference.contains("10.000001") && difference.contains("10.0)"), "{difference}");
        let fewer = of_cube(&[("mobile", 8)], &[]);
        assert!(of_api("10").difference(&fewer).unwrap().contains("Cube nothing"));
    }

    #[test]
    fn segments_behind_the_top_are_the_others() {
        let names: Vec<_> = (0..12).map(|number| format!("device-{number:02}")).collect();
        let rows: Vec<_> = names.iter().map(|name| (name.as_str(), 3)).collect();
        let Answer(places) = of_cube(&rows, &[]);
        assert!(places.contains_key("device-09\0DE, now"));
        assert!(!places.contains_key("device-10\0DE, now"));
        assert_eq!(places["others, now"].sales(), 6.0);
        assert_eq!(places["totals, now"].sales(), 36.0);
    }

    #[test]
    fn an_hour_has_one_name_in_both_and_an_empty_one_none() {
        let metrics = |start: &str, clicks: u32| {
            json!({
                "start": start, "impressions": 0, "clicks": clicks, "ctr": null, "spend": "0",
                "sales": "0", "roas": null,
            })
        };
        let series = [metrics("2026-11-20T10:15:00Z", 1), metrics("2026-11-20T11:00:00Z", 0)];
        let ours = Answer::of_api(Kind::Series, &json!({"series": series})).unwrap();
        let row = json!({
            "campaigns.time": "2026-11-20T10:00:00.000", "campaigns.impressions": "0",
            "campaigns.clicks": "1", "campaigns.ctr": null, "campaigns.spend": "0",
            "campaigns.sales": "0", "campaigns.roas": null,
        });
        let cubes = json!({"results": [{"data": [row]}]});
        let cubes = Answer::of_cube(Kind::Series, &cubes).unwrap();
        assert_eq!(ours, cubes);
    }

    #[test]
    fn an_error_of_cube_is_no_answer() {
        let answer = json!({"error": "Continue wait"});
        assert!(Answer::of_cube(Kind::Series, &answer).is_err());
    }
}
