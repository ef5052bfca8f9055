use std::{collections::BTreeMap, sync::Arc};

use auth::CampaignScope;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use control_plane::{ControlPlane, KeptCohort, TenantControl};
use metrics::Membership;
use problem::Problem;
use serde_json::Value;
use tenancy::TenantContext;
use uuid::Uuid;

use super::{NamesCohorts, body, refused_to_limited};
use crate::{
    dimensions::{self, Home},
    failure::Failure,
};

/// How often a request may name cohorts: each time is a statement within its statements.
const MOST_NAMED: usize = 10;

/// Finds the kept cohorts that requests of a credential name.
pub(crate) struct CohortFinder {
    stored: TenantControl,
    sees_all: bool,
    zone: Tz,
}

/// Kept cohorts that were found, as they are defined at a time.
#[derive(Debug, Default)]
pub(crate) struct FoundCohorts(BTreeMap<Uuid, Arc<Membership>>);

impl CohortFinder {
    pub(crate) fn new(
        control_plane: &ControlPlane,
        tenant: &TenantContext,
        scope: &CampaignScope,
    ) -> Self {
        Self {
            stored: control_plane.for_tenant(tenant),
            sees_all: *scope == CampaignScope::All,
            zone: tenant.time_zone(),
        }
    }

    /// Finds the cohorts that a body names, as they are at the time `now`. The parser of the body refuses
    /// the others.
    ///
    /// # Errors
    /// The credential may not use cohorts, the body names too many, or PostgreSQL is unavailable.
    pub(crate) async fn find(
        &self,
        body: &mut impl NamesCohorts,
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let named = body.cohorts().into_iter().map(|named| named.id).collect();
        self.found(named, "", now).await?.write_into(body);
        Ok(())
    }

    /// Finds the cohorts that a body names which is not read yet, as they are at the time `now`; `pointer` is
    /// where it is in another one.
    ///
    /// # Errors
    /// As [`CohortFinder::find`].
    pub(crate) async fn find_in(
        &self,
        body: &[u8],
        pointer: &str,
        now: DateTime<Utc>,
    ) -> Result<FoundCohorts, Failure> {
        let mut named = Vec::new();
        // The reader of the body names what is wrong with it.
        if let Ok(body) = serde_json::from_slice(body) {
            add_named(&body, &mut named);
        }
        self.found(named, pointer, now).await
    }

    async fn found(
        &self,
        named: Vec<Uuid>,
        pointer: &str,
        now: DateTime<Utc>,
    ) -> Result<FoundCohorts, Failure> {
        if named.is_empty() {
            return Ok(FoundCohorts::default());
        }
        if !self.sees_all {
            return Err(refused_to_limited().into());
        }
        if named.len() > MOST_NAMED {
            let reason = format!("may name cohorts at most {MOST_NAMED} times");
            return Err(Problem::field(pointer, reason).into());
        }
        let stored = self.stored.kept_cohorts_with(&named).await?;
        let dimensions = &dimensions::of(&self.stored).await?;
        let home = Home { zone: self.zone, dimensions };
        let found = stored.iter().map(|cohort| {
            let membership = membership(cohort, pointer, home, now)?;
            Ok((cohort.cohort_id, Arc::new(membership)))
        });
        Ok(FoundCohorts(found.collect::<Result<_, Problem>>()?))
    }
}

/// Returns who belongs to a cohort; `pointer` is where the body is that names it.
fn membership(
    cohort: &KeptCohort,
    pointer: &str,
    home: Home<'_>,
    now: DateTime<Utc>,
) -> Result<Membership, Problem> {
    body::membership(cohort, home, now).map_err(|problem| {
        let id = cohort.cohort_id;
        let reason = format!(
            "names the cohort `{id}`, whose definition is not valid any more: GET /v1/cohorts/{id} \
             tells why"
        );
        Problem::field(pointer, reason).with_source(problem)
    })
}

impl FoundCohorts {
    /// Writes who belongs to the cohorts into a body that names them.
    pub(crate) fn write_into(&self, body: &mut impl NamesCohorts) {
        for named in body.cohorts() {
            named.membership = self.0.get(&named.id).cloned();
        }
    }
}

/// Adds every id at a key `cohort`: no body has another text there.
fn add_named(body: &Value, named: &mut Vec<Uuid>) {
    match body {
        Value::Object(fields) => {
            let id = fields.get("cohort").and_then(Value::as_str);
            named.extend(id.and_then(|id| id.parse::<Uuid>().ok()));
            fields.values().for_each(|field| add_named(field, named));
        }
        Value::Array(items) => items.iter().for_each(|item| add_named(item, named)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::UTC;
    use metrics::{Dimensions, Filter, MemberKey, TimeRange};
    use serde_json::json;
    use web::read_json;

    use super::*;
    use crate::query::QueryBody;

    #[test]
    fn a_query_by_a_cohort_that_is_defined_anew_is_another_query() {
        let now: DateTime<Utc> = "2026-03-10T12:34:56Z".parse().unwrap();
        let first = now - chrono::TimeDelta::days(9);
        let home = Home { zone: UTC, dimensions: &Dimensions::BUILT_IN };
        let id = Uuid::from_u128(1);
        let query_of = |at_least| {
            let membership = Membership {
                cohort: id,
                by: MemberKey::Visitor,
                did: Filter::EVERYTHING,
                at_least,
                time: TimeRange::covering(first, now).unwrap(),
                zone: UTC,
            };
            let body = json!({"metrics": ["events"], "filters": {"cohort": id}}).to_string();
            let mut body: QueryBody = read_json(body.as_bytes()).unwrap();
            FoundCohorts([(id, Arc::new(membership))].into()).write_into(&mut body);
            body.parse(false, home, now).unwrap()
        };
        assert_eq!(query_of(1), query_of(1));
        assert_ne!(query_of(1), query_of(2));
    }

    #[test]
    fn the_cohorts_of_a_body_are_those_of_its_filters() {
        let [one, two] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let body = json!({
            "cohort": {"event": "purchase", "filters": {"cohort": one}},
            "filters": {"or": [{"not": {"cohort": two}}, {"cohort": "buyers"}]},
        });
        let mut named = Vec::new();
        add_named(&body, &mut named);
        assert_eq!(named, [one, two]);
    }
}
