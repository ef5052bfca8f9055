use clickhouse::query::Query;
use metrics::{Dimension, DimensionTest, Filter, TextTest};

use super::{CellQuery, Keys};
use crate::campaign::seconds;

/// The quarter hour of an event, as the rollups have it.
macro_rules! quarter {
    ($before:literal, $after:literal) => {
        concat!($before, "toStartOfFifteenMinutes(event_time)", $after)
    };
}

/// A statement made of a template and expressions of this file; every value is a bound parameter.
pub(crate) struct Statement {
    pub(crate) sql: String,
    /// Lists of texts, by the names of their parameters: `values0`, `values1`, …
    values: Vec<Vec<String>>,
    keys: Vec<Vec<String>>,
    stretches: Vec<u32>,
    starts: Vec<u32>,
    from: u32,
    to: u32,
    zone: &'static str,
    home: String,
}

impl Statement {
    pub(super) fn of(query: &CellQuery<'_>, template: &'static str) -> Self {
        let buckets = query.granularity.buckets(query.range, query.zone);
        let (stretches, starts) =
            buckets.stretches().map(|(from, start)| (seconds(from), seconds(start))).unzip();
        let mut values = Vec::new();
        let mut condition = condition(query.filter, &mut values);
        let mut keys = Vec::new();
        if let Keys::Only(dimensions, wanted) | Keys::Except(dimensions, wanted) = query.keys {
            let not = if matches!(query.keys, Keys::Except(..)) { "NOT " } else { "" };
            condition += &format!(
                " AND {} {not}IN (SELECT arrayJoin({{wanted:Array(Array(String))}}))",
                array(dimensions)
            );
            keys = wanted.to_vec();
        }
        Self {
            sql: template.replace("{keys}", &array(query.by)).replace("{condition}", &condition),
            values,
            keys,
            stretches,
            starts,
            from: seconds(query.range.from()),
            to: seconds(query.range.to()),
            zone: query.zone.name(),
            home: query.home.as_str().to_owned(),
        }
    }

    /// Returns the same statement after a word.
    pub(super) fn prefixed(&self, word: &'static str) -> Self {
        Self {
            sql: [word, &self.sql].concat(),
            values: self.values.clone(),
            keys: self.keys.clone(),
            stretches: self.stretches.clone(),
            starts: self.starts.clone(),
            home: self.home.clone(),
            ..*self
        }
    }

    /// Binds the parameters, other than `client_id`, that the statement contains.
    pub(crate) fn bind(&self, query: Query) -> Query {
        let query = query
            .param("from", self.from)
            .param("to", self.to)
            .param("stretches", &self.stretches)
            .param("starts", &self.starts)
            .param("wanted", &self.keys)
            .param("tz", self.zone)
            .param("home", &self.home);
        self.values
            .iter()
            .enumerate()
            .fold(query, |query, (index, values)| query.param(&format!("values{index}"), values))
    }
}

/// Returns the array of the dimensions of an event.
fn array(dimensions: &[Dimension]) -> String {
    let texts = dimensions.iter().map(|dimension| format!("toString({})", expression(*dimension)));
    format!("CAST([{}], 'Array(String)')", texts.collect::<Vec<_>>().join(", "))
}

/// Returns the expression of a dimension over the columns of an event.
const fn expression(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Campaign => "campaign_id",
        Dimension::Ad => "ad_id",
        Dimension::Creative => "creative_id",
        Dimension::Placement => "placement",
        Dimension::PageType => "page_type",
        Dimension::Keyword => "keyword",
        Dimension::Product => "product_id",
        Dimension::Brand => "brand",
        Dimension::Category => "category",
        Dimension::Device => "device",
        Dimension::Country => "country",
        Dimension::Referrer => "referrer_host",
        Dimension::EventType => "event_type",
        Dimension::Currency => "if(currency = '', {home:String}, currency)",
        Dimension::HourOfDay => quarter!("leftPad(toString(toHour(", ", {tz:String})), 2, '0')"),
        Dimension::DayOfWeek => quarter!("toDayOfWeek(", ", 0, {tz:String})"),
    }
}

fn condition(filter: &Filter<DimensionTest>, values: &mut Vec<Vec<String>>) -> String {
    let mut joined = |filters: &[Filter<DimensionTest>], word: &str, none: &str| {
        let parts: Vec<_> = filters.iter().map(|filter| condition(filter, values)).collect();
        if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(word)) }
    };
    match filter {
        Filter::All(filters) => joined(filters, " AND ", "1"),
        Filter::Any(filters) => joined(filters, " OR ", "0"),
        Filter::Not(filter) => format!("NOT {}", condition(filter, values)),
        Filter::Test(DimensionTest { dimension, test }) => {
            let parameter = format!("{{values{}:Array(String)}}", values.len());
            let text = format!("toString({})", expression(*dimension));
            let (texts, sql) = match test {
                TextTest::In(texts) => {
                    (texts, format!("{} IN {parameter}", column(*dimension, &text)))
                }
                TextTest::StartsWith(texts) => {
                    (texts, format!("arrayExists(part -> startsWith({text}, part), {parameter})"))
                }
                TextTest::Contains(texts) => {
                    (texts, format!("arrayExists(part -> position({text}, part) > 0, {parameter})"))
                }
            };
            values.push(texts.clone());
            format!("({sql})")
        }
    }
}

/// Returns the column of a dimension, which an index can find, or else its text.
fn column(dimension: Dimension, text: &str) -> &str {
    match dimension {
        Dimension::DayOfWeek | Dimension::HourOfDay | Dimension::Currency => text,
        _ => expression(dimension),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_a_parameter() {
        let is = |test| Filter::Test(DimensionTest { dimension: Dimension::Country, test });
        let texts = |text: &str| vec![text.to_owned()];
        let filter = Filter::Any(vec![
            is(TextTest::In(texts("'; DROP TABLE events"))),
            Filter::Not(Box::new(is(TextTest::Contains(texts("x"))))),
            Filter::EVERYTHING,
        ]);
        let mut values = Vec::new();
        let sql = condition(&filter, &mut values);
        assert_eq!(
            sql,
            "((country IN {values0:Array(String)}) OR NOT (arrayExists(part -> \
             position(toString(country), part) > 0, {values1:Array(String)})) OR 1)"
        );
        assert_eq!(values, [texts("'; DROP TABLE events"), texts("x")]);
    }
}
