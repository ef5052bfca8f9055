//! Expressions over the columns of an event. Values are parameters, never a part of the text.

use metrics::{Dimension, DimensionTest, Filter, TextTest};

use super::{Parameter, Parameters};

/// The quarter hour of an event, as the rollups have it.
macro_rules! quarter {
    ($before:literal, $after:literal) => {
        concat!($before, "toStartOfFifteenMinutes(event_time)", $after)
    };
}

/// Returns the array of the dimensions of an event.
pub(crate) fn array(dimensions: &[Dimension]) -> String {
    let texts = dimensions.iter().map(|dimension| format!("toString({})", expression(*dimension)));
    format!("CAST([{}], 'Array(String)')", texts.collect::<Vec<_>>().join(", "))
}

/// Returns the expression of a dimension over the columns of an event.
pub(crate) const fn expression(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Campaign => "campaign_id",
        Dimension::Advertiser => {
            "transform(toString(campaign_id), {advertised:Array(String)}, \
             {advertisers:Array(String)}, '')"
        }
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
        Dimension::CustomerType => include_str!("../../queries/customer_type.sql"),
        Dimension::EventType => "event_type",
        Dimension::Currency => "if(currency = '', {home:String}, currency)",
        Dimension::HourOfDay => quarter!("leftPad(toString(toHour(", ", {tz:String})), 2, '0')"),
        Dimension::DayOfWeek => quarter!("toDayOfWeek(", ", 0, {tz:String})"),
    }
}

/// Returns whether a filter holds for an event; its values become parameters.
pub(crate) fn condition(filter: &Filter<DimensionTest>, values: &mut Parameters) -> String {
    let mut joined = |filters: &[Filter<DimensionTest>], word: &str, none: &str| {
        let parts: Vec<_> = filters.iter().map(|filter| condition(filter, values)).collect();
        if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(word)) }
    };
    match filter {
        Filter::All(filters) => joined(filters, " AND ", "1"),
        Filter::Any(filters) => joined(filters, " OR ", "0"),
        Filter::Not(filter) => format!("NOT {}", condition(filter, values)),
        Filter::Test(DimensionTest { dimension, test }) => {
            let texts = match test {
                TextTest::In(texts) | TextTest::StartsWith(texts) | TextTest::Contains(texts) => {
                    texts
                }
            };
            let name = values.add(Parameter::Texts(texts.clone()));
            let parameter = format!("{{{name}:Array(String)}}");
            let text = format!("toString({})", expression(*dimension));
            let sql = match test {
                TextTest::In(_) => format!("{} IN {parameter}", column(*dimension, &text)),
                TextTest::StartsWith(_) => {
                    format!("arrayExists(part -> startsWith({text}, part), {parameter})")
                }
                TextTest::Contains(_) => {
                    format!("arrayExists(part -> position({text}, part) > 0, {parameter})")
                }
            };
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
        let mut values = Parameters::default();
        let sql = condition(&filter, &mut values);
        assert_eq!(
            sql,
            "((country IN {value0:Array(String)}) OR NOT (arrayExists(part -> \
             position(toString(country), part) > 0, {value1:Array(String)})) OR 1)"
        );
        let bound = |name: &str, text: &str| (name.to_owned(), Parameter::Texts(texts(text)));
        assert_eq!(values.0, [bound("value0", "'; DROP TABLE events"), bound("value1", "x")]);
    }
}
