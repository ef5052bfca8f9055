use metrics::{Level, MemberKey, Membership};

use super::{
    Parameter, Parameters,
    expressions::{dimension_test, joined},
};
use crate::campaign::seconds;

/// Returns the statement that selects the members of a cohort; its values become parameters.
pub(crate) fn members(membership: &Membership, values: &mut Parameters) -> String {
    let Membership { by, did, at_least, time, zone, .. } = membership;
    let condition = joined(did, &mut |test| dimension_test(test, values));
    let tested = did.tests().into_iter();
    let is_of_products = tested.into_iter().any(|test| test.dimension.level() == Level::Product);
    // An event has a row for each item, and one of them may pass a test of products.
    let events = if is_of_products { "uniqExact(kgen, kpart, koff)" } else { "countIf(kline = 0)" };
    let mut parameter =
        |parameter: Parameter, kind: &str| format!("{{{}:{kind}}}", values.add(parameter));
    let tz = parameter(Parameter::Text(zone.name().to_owned()), "String");
    include_str!("../../queries/cohort_members.sql")
        .replace("{key}", member_column(*by))
        // The statement around it may have another zone.
        .replace("{condition}", &condition.replace("{tz:String}", &tz))
        .replace("{events}", events)
        .replace("{from}", &parameter(Parameter::Seconds(seconds(time.from())), "UInt32"))
        .replace("{to}", &parameter(Parameter::Seconds(seconds(time.to())), "UInt32"))
        .replace("{least}", &parameter(Parameter::Number(*at_least), "UInt32"))
}

/// Returns the column of the members of a cohort.
pub(super) const fn member_column(by: MemberKey) -> &'static str {
    match by {
        MemberKey::Visitor => "visitor_id",
        MemberKey::Customer => "customer_id",
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;
    use metrics::{Dimension, DimensionTest, Filter, TextTest, TimeRange};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_value_of_a_cohort_is_a_parameter_of_its_own_and_the_tenant_is_bound() {
        let test = |dimension, text: &str| {
            let test = TextTest::In(vec![text.to_owned()]);
            Filter::Test(DimensionTest { dimension, test })
        };
        let quoted = "'; DROP TABLE events";
        let [from, to] = [10, 20].map(|day| format!("2026-03-{day}T00:00:00Z").parse().unwrap());
        let membership = Membership {
            cohort: Uuid::nil(),
            by: MemberKey::Customer,
            did: Filter::All(vec![
                test(Dimension::EventType, quoted),
                test(Dimension::HourOfDay, "23"),
            ]),
            at_least: 3,
            time: TimeRange::covering(from, to).unwrap(),
            zone: Berlin,
        };
        let mut values = Parameters::default();
        let sql = members(&membership, &mut values);
        assert!(sql.contains("client_id = {client_id:String}"), "{sql}");
        assert!(sql.contains("GROUP BY customer_id\nHAVING countIf(kline = 0) >="), "{sql}");
        assert!(!sql.contains("{tz:String}"), "the zone is the cohort's: {sql}");
        assert!(!sql.contains(quoted) && !sql.contains("Berlin"), "{sql}");
        assert_eq!(values.0.len(), 6);
        for (name, _) in &values.0 {
            assert_eq!(sql.matches(&format!("{{{name}:")).count(), 1, "{name}: {sql}");
        }
    }
}
