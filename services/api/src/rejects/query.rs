use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use problem::{Code, Problem};
use serde::Deserialize;
use utoipa::IntoParams;
use warehouse::{RejectFilter, RejectId};

use crate::{
    pagination::{Page, PageQuery},
    reports::moment,
    schemas,
};

/// The latest time of receipt, in seconds since 1970: 2200-01-01.
const END: i64 = 7_258_118_400;

/// The longest code, in bytes.
const CODE_MAX: usize = 40;

/// The rejects to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RejectsQuery {
    /// Only rejects with this code, as in the collector's answer.
    #[param(value_type = Option<schemas::RejectionCode>)]
    code: Option<String>,
    /// Only rejects received at this time or later: RFC 3339, or a date, which begins at midnight in
    /// the tenant's time zone.
    #[param(value_type = Option<schemas::Moment>)]
    from: Option<String>,
    /// Only rejects received before this time: RFC 3339 or a date.
    #[param(value_type = Option<schemas::Moment>)]
    to: Option<String>,
    /// The most items: 1 to 500, default 50. A shorter page need not be the last, because rejects
    /// may be large.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
    /// The `next_cursor` of the previous page.
    #[param(value_type = Option<schemas::Cursor>)]
    cursor: Option<String>,
}

/// A valid query.
#[derive(Debug)]
pub(crate) struct RejectsRequest {
    pub(super) filter: RejectFilter,
    pub(super) before: Option<RejectId>,
    pub(super) page: Page,
    /// The parameters that the next page needs as well.
    pub(super) parameters: String,
}

impl RejectsQuery {
    /// Reads the query of a tenant whose days begin in `home`.
    ///
    /// # Errors
    /// The first wrong parameter, and what would be correct.
    pub(crate) fn parse(self, home: Tz) -> Result<RejectsRequest, Problem> {
        let code = self.code.map(code).transpose()?;
        let end = DateTime::from_timestamp(END, 0).unwrap_or_default();
        let time = |name, text: Option<&str>, default: DateTime<Utc>| {
            let time = text.map_or(Ok(default), |text| moment(text, home));
            let time = time.map_err(|reason| Problem::field(name, reason))?;
            Ok::<_, Problem>(time.clamp(DateTime::UNIX_EPOCH, end))
        };
        let from = time("?from", self.from.as_deref(), DateTime::UNIX_EPOCH)?;
        let to = time("?to", self.to.as_deref(), end)?;
        if from >= to {
            return Err(Problem::new(Code::InvalidRange, "The time range is not valid.")
                .with_error("?from", "must be before `to`"));
        }
        let mut parameters = String::new();
        for (name, value) in [
            ("code", code.clone()),
            ("from", self.from.map(|_| from.format("%FT%TZ").to_string())),
            ("to", self.to.map(|_| to.format("%FT%TZ").to_string())),
        ] {
            if let Some(value) = value {
                parameters.push_str(&format!("&{name}={value}"));
            }
        }
        let page = PageQuery::new(self.limit, self.cursor).parse()?;
        let before = page.after.as_deref().map(cursor).transpose()?;
        let filter = RejectFilter { received: from..to, code };
        Ok(RejectsRequest { filter, before, page, parameters })
    }
}

fn code(code: String) -> Result<String, Problem> {
    let is_name = (1..=CODE_MAX).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let reason = "must be the code of a rejection, such as missing_field";
    if is_name { Ok(code) } else { Err(Problem::field("?code", reason)) }
}

fn cursor(key: &str) -> Result<RejectId, Problem> {
    let id = key.parse().ok().filter(|id: &RejectId| id.received_at().is_some());
    id.ok_or_else(|| Problem::field("?cursor", "must be a next_cursor of this list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(parameters: &[(&str, &str)]) -> RejectsQuery {
        let get = |name| {
            let found = parameters.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        RejectsQuery {
            code: get("code"),
            from: get("from"),
            to: get("to"),
            limit: get("limit"),
            cursor: get("cursor"),
        }
    }

    #[test]
    fn dates_begin_in_the_tenants_zone() {
        let parameters = [("from", "2026-03-01"), ("to", "2026-03-02"), ("code", "too_large")];
        let request = query(&parameters).parse(Tz::Asia__Kolkata).unwrap();
        let received = request.filter.received;
        assert_eq!(received.start.to_rfc3339(), "2026-02-28T18:30:00+00:00");
        assert_eq!(received.end.to_rfc3339(), "2026-03-01T18:30:00+00:00");
        let next = "&code=too_large&from=2026-02-28T18:30:00Z&to=2026-03-01T18:30:00Z";
        assert_eq!(request.parameters, next);
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        for (parameter, code) in [
            (("code", ""), "invalid_field"),
            (("code", "Missing Field"), "invalid_field"),
            (("from", "yesterday"), "invalid_field"),
            (("to", "2026-13-01"), "invalid_field"),
            (("from", "9999-01-01"), "invalid_range"),
            (("limit", "501"), "invalid_field"),
            // A UUID, but not of a reject.
            (("cursor", "MDE4ZjAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAx"), "invalid_field"),
        ] {
            let problem = query(&[parameter]).parse(Tz::UTC).unwrap_err();
            assert_eq!(problem.code().as_str(), code, "{parameter:?}");
            let body = problem.body("r");
            let pointer = format!(r#""pointer":"?{}""#, parameter.0);
            assert!(body.contains(&pointer), "{parameter:?}: {body}");
        }
    }
}
