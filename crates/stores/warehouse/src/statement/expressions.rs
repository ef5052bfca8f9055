//! Expressions over the columns of an event. Values are parameters, never a part of the text.

use std::borrow::Cow;

use metrics::{
    DeclaredDimension, Dimension, DimensionTest, EventTest, Filter, PropertyType, TextTest,
};

use super::{
    Parameter, Parameters,
    members::{member_column, members},
};

/// The quarter hour of an event, as the rollups have it.
macro_rules! quarter {
    ($before:literal, $after:literal) => {
        concat!($before, "toStartOfFifteenMinutes(event_time)", $after)
    };
}

/// The most bytes of a text that is a value of a declared dimension.
const LONGEST_TEXT: usize = 200;

/// Returns the array of the dimensions of an event.
pub(crate) fn array(dimensions: &[Dimension], values: &mut Parameters) -> String {
    let text = |dimension| format!("toString({})", expression(dimension, values));
    let texts = dimensions.iter().map(text);
    format!("CAST([{}], 'Array(String)')", texts.collect::<Vec<_>>().join(", "))
}

/// Whether an order is the first of its customer.
pub(crate) const CUSTOMER_TYPE: &str = include_str!("../../queries/customer_type.sql");

/// Returns the expression of a dimension over the columns of an event.
pub(crate) fn expression(dimension: &Dimension, values: &mut Parameters) -> Cow<'static, str> {
    match dimension {
        Dimension::Declared(declared) => property(declared, values).into(),
        Dimension::CustomerType => CUSTOMER_TYPE.into(),
        Dimension::Campaign => "campaign_id".into(),
        Dimension::Advertiser => "transform(toString(campaign_id), {advertised:Array(String)}, \
                                  {advertisers:Array(String)}, '')"
            .into(),
        Dimension::Ad => "ad_id".into(),
        Dimension::Creative => "creative_id".into(),
        Dimension::Placement => "placement".into(),
        Dimension::PageType => "page_type".into(),
        Dimension::Keyword => "keyword".into(),
        Dimension::Product => "product_id".into(),
        Dimension::Brand => "brand".into(),
        Dimension::Category => "category".into(),
        Dimension::Device => "device".into(),
        Dimension::Country => "country".into(),
        Dimension::Referrer => "referrer_host".into(),
        Dimension::EventType => "event_type".into(),
        Dimension::Currency => "if(currency = '', {home:String}, currency)".into(),
        Dimension::HourOfDay => {
            quarter!("leftPad(toString(toHour(", ", {tz:String})), 2, '0')").into()
        }
        Dimension::DayOfWeek => quarter!("toDayOfWeek(", ", 0, {tz:String})").into(),
    }
}

/// Returns the expression of a property; the names of its path become parameters.
fn property(declared: &DeclaredDimension, values: &mut Parameters) -> String {
    let name = |name: &String| format!("{{{}:String}}", values.add(Parameter::Text(name.clone())));
    let path: Vec<_> = declared.pointer.names().iter().map(name).collect();
    let path = path.join(", ");
    // What is neither a text nor a number or boolean has no value, nor has what is absent.
    let text = format!(
        "multiIf(JSONType(properties, {path}) IN ('Int64', 'UInt64', 'Double', 'Bool'), \
         JSONExtractRaw(properties, {path}), JSONType(properties, {path}) = 'String' \
         AND length(JSONExtractString(properties, {path})) <= {LONGEST_TEXT}, \
         JSONExtractString(properties, {path}), '')"
    );
    match declared.kind {
        PropertyType::String => text,
        PropertyType::Integer => format!("extract({text}, '^(0|-?[1-9][0-9]{{0,18}})$')"),
        PropertyType::Boolean => format!("extract({text}, '^(true|false)$')"),
    }
}

/// Returns whether a filter holds for an event; its values become parameters.
pub(crate) fn condition(filter: &Filter<EventTest>, values: &mut Parameters) -> String {
    joined(filter, &mut |test| match test {
        EventTest::Dimension(test) => dimension_test(test, values),
        EventTest::Member(membership) => {
            format!("({} IN ({}))", member_column(membership.by), members(membership, values))
        }
    })
}

/// Returns whether a filter holds, of which `test` renders each test.
pub(super) fn joined<T>(filter: &Filter<T>, test: &mut impl FnMut(&T) -> String) -> String {
    let (filters, word, none) = match filter {
        Filter::All(filters) => (filters, " AND ", "1"),
        Filter::Any(filters) => (filters, " OR ", "0"),
        Filter::Not(filter) => return format!("NOT {}", joined(filter, test)),
        Filter::Test(own) => return test(own),
    };
    let parts: Vec<_> = filters.iter().map(|filter| joined(filter, test)).collect();
    if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(word)) }
}

/// Returns whether a test of a dimension holds for an event; its texts become a parameter.
pub(super) fn dimension_test(test: &DimensionTest, values: &mut Parameters) -> String {
    let DimensionTest { dimension, test } = test;
    let texts = match test {
        TextTest::In(texts) | TextTest::StartsWith(texts) | TextTest::Contains(texts) => texts,
    };
    let name = values.add(Parameter::Texts(texts.clone()));
    let parameter = format!("{{{name}:Array(String)}}");
    let expression = expression(dimension, values);
    let text = format!("toString({expression})");
    let sql = match test {
        TextTest::In(_) => {
            let column = if is_column(dimension) { &expression } else { text.as_str() };
            format!("{column} IN {parameter}")
        }
        TextTest::StartsWith(_) => {
            format!("arrayExists(part -> startsWith({text}, part), {parameter})")
        }
        TextTest::Contains(_) => {
            format!("arrayExists(part -> position({text}, part) > 0, {parameter})")
        }
    };
    format!("({sql})")
}

/// Returns whether the expression of a dimension is a text by itself: so a column, which an index can find.
const fn is_column(dimension: &Dimension) -> bool {
    !matches!(dimension, Dimension::DayOfWeek | Dimension::HourOfDay | Dimension::Currency)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_names_of_a_path_are_parameters() {
        let declared = |kind| {
            Dimension::Declared(Arc::new(DeclaredDimension {
                name: "tier".parse().unwrap(),
                pointer: "/properties/loyalty/') OR ('' = '".parse().unwrap(),
                kind,
            }))
        };
        for kind in PropertyType::ALL {
            let mut values = Parameters::default();
            let dimension = declared(kind);
            let [once, again] = [0; 2].map(|_| expression(&dimension, &mut values));
            assert_eq!(once, again);
            assert!(once.contains("JSONType(properties, {value0:String}, {value1:String})"));
            assert!(!once.contains("OR ("));
            let bound = |name: &str, text: &str| (name.to_owned(), Parameter::Text(text.into()));
            assert_eq!(values.0, [bound("value0", "loyalty"), bound("value1", "') OR ('' = '")]);
        }
    }

    #[test]
    fn every_value_is_a_parameter() {
        let is = |test| Filter::Test(DimensionTest { dimension: Dimension::Country, test }.into());
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
