use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use events::EventType;
use metrics::{Dimension, DimensionTest, Dimensions, EventTest, Filter, TextTest};
use problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use warehouse::EventKey;

use crate::{
    cohorts::{NamedCohort, NamesCohorts},
    query::{FilterBody, filters},
};

/// An event: its type, and a condition on its dimensions.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventBody {
    /// The type of the event, as it was sent: `product_view`, or `custom.<name>`.
    #[schema(example = "product_view")]
    pub(crate) event: String,
    /// Only events for which it holds.
    pub(crate) filters: Option<FilterBody>,
}

/// What events of one user have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    /// The visitor.
    #[default]
    Visitor,
    /// The customer.
    Customer,
    /// The session, as the shop names it.
    Session,
}

impl From<By> for EventKey {
    fn from(by: By) -> Self {
        match by {
            By::Visitor => Self::Visitor,
            By::Customer => Self::Customer,
            By::Session => Self::Session,
        }
    }
}

impl NamesCohorts for EventBody {
    fn cohorts(&mut self) -> Vec<&mut NamedCohort> {
        self.filters.cohorts()
    }
}

impl EventBody {
    /// Returns the test of the event, by the dimensions `known`; `pointer` is where it is in the body.
    ///
    /// # Errors
    /// The type is unknown, or the condition is not valid.
    pub(super) fn parse(
        &self,
        pointer: &str,
        known: &Dimensions,
    ) -> Result<Filter<EventTest>, Problem> {
        event_test(&self.event, self.filters.as_ref(), pointer, known)
    }
}

/// Returns the test of an event of a type, and of a condition on its dimensions.
pub(super) fn event_test(
    event: &str,
    condition: Option<&FilterBody>,
    pointer: &str,
    known: &Dimensions,
) -> Result<Filter<EventTest>, Problem> {
    let event: EventType = event.parse().map_err(|error: <EventType as FromStr>::Err| {
        Problem::field(format!("{pointer}/event"), error.to_string())
    })?;
    let test = TextTest::In(vec![event.as_str().to_owned()]);
    let is_type = Filter::Test(DimensionTest { dimension: Dimension::EventType, test }.into());
    let more = filters::of_events(condition, &format!("{pointer}/filters"), known)?;
    Ok(Filter::All(vec![is_type, more]))
}

/// Reads a length of time such as `30m`, in whole units.
pub(crate) fn duration(text: &str, pointer: &str) -> Result<TimeDelta, Problem> {
    let parsed = || {
        let unit = text.chars().last()?;
        let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number > 0)?;
        match unit {
            's' => TimeDelta::try_seconds(number),
            'm' => TimeDelta::try_minutes(number),
            'h' => TimeDelta::try_hours(number),
            'd' => TimeDelta::try_days(number),
            _ => None,
        }
    };
    let longest = TimeDelta::days(366);
    parsed().filter(|length| *length <= longest).ok_or_else(|| {
        Problem::field(
            pointer,
            "must be a length of time such as 90s, 30m, 24h or 7d, at most 366d",
        )
    })
}

/// Reads the moment up to which events are looked at: `now` if the request names none.
pub(super) fn until(text: Option<&str>, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let Some(text) = text else {
        return Ok(now);
    };
    let moment = DateTime::parse_from_rfc3339(text).map(|moment| moment.to_utc());
    moment.ok().filter(|moment| *moment <= now).ok_or_else(|| {
        Problem::field(
            "/as_of",
            "must be a time in the past (RFC 3339) such as 2026-03-01T00:00:00Z",
        )
    })
}

/// Returns the problem of a definition that is not valid.
pub(super) fn invalid(error: sequences::DefinitionError, pointer: &str) -> Problem {
    Problem::new(Code::InvalidField, "A field of the request is not valid.")
        .with_error(pointer, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_a_unit() {
        let read = |text| duration(text, "/window").ok();
        assert_eq!(read("90s"), Some(TimeDelta::seconds(90)));
        assert_eq!(read("30m"), Some(TimeDelta::minutes(30)));
        assert_eq!(read("7d"), Some(TimeDelta::days(7)));
        for wrong in ["", "7", "d", "-1d", "0h", "1.5h", "367d", "9999999999999999999d", "1ä"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
