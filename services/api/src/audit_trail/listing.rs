use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use control_plane::{AuditFilter, AuditRecord};
use problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::{
    pagination::{Page, PageQuery},
    reports::moment,
    schemas,
};

/// The longest actor or action, in bytes.
const TEXT_MAX: usize = 100;

/// Which entries of the audit log to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only those of this actor: `user:<id>`, `key:<id>`, `command line` or `anonymous`.
    #[param(max_length = 100)]
    actor: Option<String>,
    /// Only those of this action, such as `api_key.create`.
    #[param(max_length = 100, example = "api_key.create")]
    action: Option<String>,
    /// Only those at this time or later: RFC 3339, or a date, which begins at midnight.
    #[param(value_type = Option<schemas::Moment>)]
    from: Option<String>,
    /// Only those before this time: RFC 3339 or a date.
    #[param(value_type = Option<schemas::Moment>)]
    to: Option<String>,
    /// How many items at most: 1 to 500, 50 when absent.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    #[param(value_type = Option<schemas::Cursor>)]
    cursor: Option<String>,
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntryView {
    /// Its number; ascends with every entry.
    pub(crate) id: i64,
    /// When it happened.
    at: DateTime<Utc>,
    /// Who did it: `user:<id>`, `key:<id>`, `command line`, `processor`, or `anonymous`.
    actor: String,
    /// What was done.
    #[schema(example = "api_key.create")]
    action: String,
    /// The tenant that it concerns; `null` for the platform's own.
    #[schema(value_type = Option<schemas::Slug>)]
    tenant: Option<String>,
    /// What it was done to; of a read the path, of a refusal the route.
    subject: String,
    /// Further details; of a change, `before` holds what was there.
    #[schema(value_type = Object)]
    detail: Value,
    /// The network address of the client; of a refusal over IPv6 the first address of its /64. Owners do not see that of the platform's admins.
    address: Option<String>,
    /// The id of the request.
    request_id: Option<String>,
}

impl From<AuditRecord> for AuditEntryView {
    fn from(record: AuditRecord) -> Self {
        Self {
            id: record.audit_id,
            at: record.at,
            actor: record.actor,
            action: record.action,
            tenant: record.client_id,
            subject: record.subject,
            detail: record.detail,
            address: record.address,
            request_id: record.request_id,
        }
    }
}

/// A valid request for entries.
#[derive(Debug)]
pub(crate) struct AuditRequest {
    pub(crate) filter: AuditFilter,
    pub(crate) before: Option<i64>,
    pub(crate) page: Page,
    /// The parameters that the next page needs as well; they begin with `&`.
    pub(crate) parameters: String,
}

/// Reads the query, whose dates begin in `zone`.
///
/// # Errors
/// The first wrong parameter, and what would be correct.
pub(crate) fn parse(query: AuditQuery, zone: Tz) -> Result<AuditRequest, Problem> {
    let AuditQuery { actor, action, from, to, limit, cursor } = query;
    for (name, text) in [("?actor", &actor), ("?action", &action)] {
        let is_name = |text: &String| {
            (1..=TEXT_MAX).contains(&text.len()) && !text.contains(char::is_control)
        };
        if !text.as_ref().is_none_or(is_name) {
            let reason = format!("must be 1 to {TEXT_MAX} bytes without control characters");
            return Err(Problem::field(name, reason));
        }
    }
    let time = |name, text: Option<&str>| {
        let time = text.map(|text| moment(text, zone)).transpose();
        time.map_err(|reason| Problem::field(name, reason))
    };
    let from = time("?from", from.as_deref())?;
    let to = time("?to", to.as_deref())?;
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        return Err(Problem::new(Code::InvalidRange, "The time range is not valid.")
            .with_error("?from", "must be before `to`"));
    }
    let page = PageQuery::new(limit, cursor).parse()?;
    let before = page.after.as_deref().map(str::parse).transpose();
    let before =
        before.map_err(|_| Problem::field("?cursor", "must be a next_cursor of this list"))?;
    let moment = |time: DateTime<Utc>| time.format("%FT%H:%M:%S%.fZ").to_string();
    let mut parameters = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("actor", actor.clone()),
        ("action", action.clone()),
        ("from", from.map(moment)),
        ("to", to.map(moment)),
    ] {
        if let Some(value) = value {
            parameters.append_pair(name, &value);
        }
    }
    let parameters = parameters.finish();
    let filter = AuditFilter { actor, action, from, to };
    Ok(AuditRequest { filter, before, page, parameters })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_parameters_are_named_and_right_ones_kept_for_the_next_page() {
        let query = |name: &str, value: &str| {
            let value = Some(value.to_owned());
            let mut query = AuditQuery::default();
            match name {
                "?actor" => query.actor = value,
                "?action" => query.action = value,
                "?from" => query.from = value,
                _ => query.cursor = value,
            }
            parse(query, Tz::UTC)
        };
        for (name, wrong) in
            [("?actor", ""), ("?action", "a\nb"), ("?from", "soon"), ("?cursor", "Yg")]
        {
            let problem = query(name, wrong).unwrap_err();
            assert!(problem.body("r").contains(name), "{name}");
        }
        let right = query("?actor", "command line").unwrap();
        assert_eq!(right.parameters, "actor=command+line");
    }
}
