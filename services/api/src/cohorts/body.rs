use std::str::FromStr;

use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;
use control_plane::KeptCohort;
use events::EventType;
use metrics::{Dimension, DimensionTest, Filter, MemberKey, Membership, TextTest};
use problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    dimensions::Home,
    names::{CohortName, ReportDescription},
    query::{FilterBody, TimeBody, filters},
    report_jobs::request_of,
    schemas,
};

/// The most bytes of a definition.
const MOST_BYTES: usize = 32 * 1024;
/// The most types of events.
const MOST_EVENTS: usize = 20;
/// The most days before today.
const MOST_DAYS: u32 = 1_825;
/// The most events that a member may have to have.
const MOST_AT_LEAST: u32 = 1_000;

/// A cohort to keep, in place of what it said before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CohortOrder {
    /// The name, unique in the tenant.
    #[schema(value_type = schemas::CohortName)]
    name: CohortName,
    /// What it is for. Default: none.
    #[schema(value_type = Option<schemas::ReportDescription>)]
    description: Option<ReportDescription>,
    /// Who belongs to it; at most 32 KiB.
    definition: CohortDefinition,
}

/// Who belongs to a cohort: the visitors or customers with some events.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CohortDefinition {
    /// What its members are. Default: `visitor`.
    #[serde(default)]
    by: CohortKey,
    /// The types of the events that count, as they were sent: 1 to 20.
    #[schema(min_items = 1, max_items = 20, example = json!(["purchase"]))]
    events: Vec<String>,
    /// Only events for which it holds; it may test dimensions only.
    filters: Option<FilterBody>,
    /// How many of these events a member has at least: 1 to 1,000. Default: 1.
    #[schema(minimum = 1, maximum = 1000)]
    at_least: Option<u32>,
    /// The time of the events.
    time: CohortTime,
}

/// The time of the events of a cohort: the last days, or a range. Days begin in the tenant's zone.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CohortTime {
    /// Today, and so many days before: 1 to 1,825. Without `from` and `to`.
    #[schema(minimum = 1, maximum = 1825, example = 30)]
    last_days: Option<u32>,
    /// The start of a range: RFC 3339, or a date, which means its midnight.
    #[schema(value_type = Option<schemas::Moment>)]
    from: Option<String>,
    /// Its end, excluded.
    #[schema(value_type = Option<schemas::Moment>)]
    to: Option<String>,
}

/// What the members of a cohort are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CohortKey {
    /// Visitors.
    #[default]
    Visitor,
    /// Customers.
    Customer,
}

impl CohortOrder {
    /// Returns the cohort of a tenant, with this id and author.
    ///
    /// # Errors
    /// A wrong field, and what would be correct.
    pub(super) fn parse(
        self,
        cohort_id: Uuid,
        author: Uuid,
        home: Home<'_>,
        now: DateTime<Utc>,
    ) -> Result<KeptCohort, Problem> {
        let definition = request_of(&self.definition)?;
        if definition.to_string().len() > MOST_BYTES {
            let reason = format!("must have at most {MOST_BYTES} bytes");
            return Err(Problem::field("/definition", reason));
        }
        self.definition.parse(cohort_id, home, now)?;
        Ok(KeptCohort {
            cohort_id,
            name: self.name.into(),
            description: self.description.map(String::from),
            definition,
            created_by: Some(author),
            created_at: now,
            updated_at: now,
        })
    }
}

/// Returns who belongs to a kept cohort of a tenant at the time `now`.
///
/// # Errors
/// Its definition is not valid any more: the part that is wrong.
pub(super) fn membership(
    cohort: &KeptCohort,
    home: Home<'_>,
    now: DateTime<Utc>,
) -> Result<Membership, Problem> {
    let definition = CohortDefinition::deserialize(&cohort.definition);
    let definition =
        definition.map_err(|error| Problem::field("/definition", error.to_string()))?;
    definition.parse(cohort.cohort_id, home, now)
}

impl CohortDefinition {
    fn parse(
        &self,
        cohort: Uuid,
        home: Home<'_>,
        now: DateTime<Utc>,
    ) -> Result<Membership, Problem> {
        let Home { zone, dimensions } = home;
        if !(1..=MOST_EVENTS).contains(&self.events.len()) {
            let reason = format!("must have 1 to {MOST_EVENTS} types of events");
            return Err(Problem::field("/definition/events", reason));
        }
        let types = self.events.iter().enumerate().map(|(index, name)| {
            let found: Result<EventType, _> = name.parse();
            let found = found.map_err(|error: <EventType as FromStr>::Err| {
                Problem::field(format!("/definition/events/{index}"), error.to_string())
            });
            found.map(|event| event.as_str().to_owned())
        });
        let test = TextTest::In(types.collect::<Result<_, _>>()?);
        let is_type = Filter::Test(DimensionTest { dimension: Dimension::EventType, test });
        let more = filters::of_cohort(self.filters.as_ref(), "/definition/filters", dimensions)?;
        let at_least =
            Some(self.at_least.unwrap_or(1)).filter(|least| (1..=MOST_AT_LEAST).contains(least));
        let at_least = at_least.ok_or_else(|| {
            Problem::field("/definition/at_least", format!("must be 1 to {MOST_AT_LEAST}"))
        })?;
        let time = self.time.range(zone, now)?.parse("/definition/time/", zone, now)?;
        Ok(Membership {
            cohort,
            by: self.by.into(),
            did: Filter::All(vec![is_type, more]),
            at_least,
            time: time.range,
            zone,
        })
    }
}

impl CohortTime {
    /// Returns the range at the time `now`.
    fn range(&self, zone: Tz, now: DateTime<Utc>) -> Result<TimeBody, Problem> {
        let (from, to) = match (self.last_days, &self.from, &self.to) {
            (Some(days), None, None) => {
                // Whole days: so the members, and what is cached of them, do not change each moment.
                let today = now.with_timezone(&zone).date_naive();
                let first = today.checked_sub_days(Days::new(days.into()));
                let days = first.filter(|_| (1..=MOST_DAYS).contains(&days)).zip(today.succ_opt());
                let (first, tomorrow) = days.ok_or_else(|| {
                    let reason = format!("must be 1 to {MOST_DAYS}");
                    Problem::field("/definition/time/last_days", reason)
                })?;
                (first.to_string(), tomorrow.to_string())
            }
            (None, Some(from), Some(to)) => (from.clone(), to.clone()),
            _ => {
                let reason = "must have either `last_days`, or `from` and `to`";
                return Err(Problem::field("/definition/time", reason));
            }
        };
        Ok(TimeBody { from: Some(from), to: Some(to), ..TimeBody::default() })
    }
}

impl From<CohortKey> for MemberKey {
    fn from(key: CohortKey) -> Self {
        match key {
            CohortKey::Visitor => Self::Visitor,
            CohortKey::Customer => Self::Customer,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;
    use metrics::{DeclaredDimension, Dimensions, PropertyType};
    use serde_json::{Value, json};
    use web::read_json;

    use super::*;

    fn kept(definition: Value) -> Result<KeptCohort, Problem> {
        let order = json!({"name": "Buyers", "definition": definition}).to_string();
        let order: CohortOrder = read_json(order.as_bytes())?;
        order.parse(Uuid::from_u128(1), Uuid::from_u128(2), home(&Dimensions::BUILT_IN), now())
    }

    fn home(dimensions: &Dimensions) -> Home<'_> {
        Home { zone: Berlin, dimensions }
    }

    /// Half past midnight in Berlin, two days after the clock was put forward.
    fn now() -> DateTime<Utc> {
        "2026-03-30T22:30:00Z".parse().unwrap()
    }

    fn buyers(more: Value) -> Value {
        let mut definition = json!({"events": ["purchase"], "time": {"last_days": 2}});
        definition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        definition
    }

    #[test]
    fn the_last_days_are_whole_days_of_the_tenants_zone() {
        let kept = kept(buyers(json!({}))).unwrap();
        let membership = membership(&kept, home(&Dimensions::BUILT_IN), now()).unwrap();
        assert_eq!(membership.time.from().to_rfc3339(), "2026-03-28T23:00:00+00:00");
        assert_eq!(membership.time.to().to_rfc3339(), "2026-03-31T22:00:00+00:00");
        assert_eq!((membership.at_least, membership.by), (1, MemberKey::Visitor));
    }

    #[test]
    fn a_definition_is_kept_as_it_was_given() {
        let time = json!({"from": "2026-03-01", "to": "2026-04-01"});
        let filters = json!({"not": {"dimension": "brand", "in": ["Alpine"]}});
        let given =
            buyers(json!({"by": "customer", "time": time, "filters": filters, "at_least": 3}));
        let kept = kept(given.clone()).unwrap();
        assert_eq!(kept.definition, given);
        let membership = membership(&kept, home(&Dimensions::BUILT_IN), now()).unwrap();
        assert_eq!(membership.time.from().to_rfc3339(), "2026-02-28T23:00:00+00:00");
        assert_eq!((membership.at_least, membership.by), (3, MemberKey::Customer));
    }

    #[test]
    fn a_definition_may_test_a_declared_dimension() {
        let filters = json!({"dimension": "tier", "in": ["gold"]});
        let order = json!({"name": "Gold", "definition": buyers(json!({"filters": filters}))});
        let order: CohortOrder = read_json(order.to_string().as_bytes()).unwrap();
        let tier = DeclaredDimension {
            name: "tier".parse().unwrap(),
            pointer: "/properties/loyalty/tier".parse().unwrap(),
            kind: PropertyType::String,
        };
        let own: Dimensions = [tier].into_iter().collect();
        let [cohort, author] = [1, 2].map(Uuid::from_u128);
        let kept = order.parse(cohort, author, home(&own), now()).unwrap();
        let membership = membership(&kept, home(&own), now()).unwrap();
        let tested: Vec<_> =
            membership.did.tests().into_iter().map(|test| &test.dimension).collect();
        assert_eq!(tested, [&Dimension::EventType, &own.named("tier").unwrap()]);
        // Once the declaration is deleted, nobody can tell who belongs to it.
        assert!(super::membership(&kept, home(&Dimensions::BUILT_IN), now()).is_err());
    }

    #[test]
    fn a_wrong_definition_is_refused_with_its_pointer() {
        let named = json!({"cohort": Uuid::from_u128(1)});
        let too_long = "x".repeat(MOST_BYTES);
        for (more, pointer) in [
            (json!({"events": []}), "/definition/events"),
            (json!({"events": ["purchase", "Nope!"]}), "/definition/events/1"),
            (json!({"events": vec!["purchase"; 21]}), "/definition/events"),
            (json!({"event": "purchase"}), "/definition/event"),
            (json!({"by": "session"}), "/definition/by"),
            (json!({"at_least": 0}), "/definition/at_least"),
            (json!({"at_least": 1_001}), "/definition/at_least"),
            (json!({"time": {}}), "/definition/time"),
            (json!({"time": {"from": "2026-03-01"}}), "/definition/time"),
            (json!({"time": {"last_days": 1, "to": "2026-03-01"}}), "/definition/time"),
            (json!({"time": {"last_days": 0}}), "/definition/time/last_days"),
            (json!({"time": {"last_days": 1_826}}), "/definition/time/last_days"),
            (json!({"time": {"from": "March", "to": "2026-03-01"}}), "/definition/time/from"),
            (json!({"time": {"from": "2026-03-01", "to": "2026-03-01"}}), "/definition/time/from"),
            (
                json!({"filters": {"dimension": "colour", "in": ["red"]}}),
                "/definition/filters/dimension",
            ),
            (json!({"filters": {"metric": "clicks", "gt": 1}}), "/definition/filters"),
            (json!({"filters": {"not": named}}), "/definition/filters/not/cohort"),
            (json!({"filters": {"dimension": "device", "in": [too_long]}}), "/definition"),
        ] {
            let body = kept(buyers(more.clone())).unwrap_err().body("r");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["status"], 422, "{more}: {body}");
            assert_eq!(body["errors"][0]["pointer"], pointer, "{more}: {body}");
        }
    }
}
