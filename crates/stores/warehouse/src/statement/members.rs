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
