use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use control_plane::AnnotationFilter;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use problem::{Code, Problem};
use serde::Deserialize;
use tenancy::CampaignId;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    pagination::{Page, PageQuery},
    reports::moment,
    schemas,
};

/// The annotations to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AnnotationsQuery {
    /// Only annotations that are not over at this time: RFC 3339, or a date, which begins at midnight
    /// in the tenant's time zone.
    #[param(value_type = Option<schemas::Moment>)]
    from: Option<String>,
    /// Only annotations that begin before this time: RFC 3339 or a date.
    #[param(value_type = Option<schemas::Moment>)]
    to: Option<String>,
    /// Only annotations of this campaign.
    #[param(value_type = Option<schemas::CampaignId>)]
    campaign_id: Option<String>,
    /// How many items at most: 1 to 500, 50 when absent.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    #[param(value_type = Option<schemas::Cursor>)]
    cursor: Option<String>,
}

/// A valid query.
#[derive(Debug)]
pub(crate) struct AnnotationsRequest {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    campaign: Option<CampaignId>,
    /// The time and the id of the last annotation of the page before.
    pub(super) after: Option<(DateTime<Utc>, Uuid)>,
    pub(crate) page: Page,
}

impl AnnotationsQuery {
    /// Reads the query of a tenant whose days begin in `home`.
    ///
    /// # Errors
    /// The first wrong parameter, and what would be correct.
    pub(crate) fn parse(self, home: Tz) -> Result<AnnotationsRequest, Problem> {
        let time = |name, text: Option<String>| {
            let time = text.map(|text| moment(&text, home)).transpose();
            time.map_err(|reason| Problem::field(name, reason))
        };
        let from = time("?from", self.from)?;
        let to = time("?to", self.to)?;
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            return Err(Problem::new(Code::InvalidRange, "The time range is not valid.")
                .with_error("?from", "must be before `to`"));
        }
        let campaign = self.campaign_id.map(|id| id.parse::<CampaignId>()).transpose();
        let campaign =
            campaign.map_err(|error| Problem::field("?campaign_id", error.to_string()))?;
        let page = PageQuery::new(self.limit, self.cursor).parse()?;
        let after = page.after.as_deref().map(opened).transpose()?;
        Ok(AnnotationsRequest { from, to, campaign, after, page })
    }
}

impl AnnotationsRequest {
    pub(super) fn filter(&self) -> AnnotationFilter<'_> {
        AnnotationFilter { from: self.from, to: self.to, campaign: self.campaign.as_ref() }
    }

    /// Returns the path of the list, with the parameters of its filter.
    pub(crate) fn path(&self) -> String {
        let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let campaign = self.campaign.as_ref();
        let campaign =
            campaign.map(|id| utf8_percent_encode(id.as_str(), NON_ALPHANUMERIC).to_string());
        let parameters =
            [("from", self.from.map(time)), ("to", self.to.map(time)), ("campaign_id", campaign)];
        let given = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let given: Vec<_> = given.map(|(name, value)| format!("{name}={value}")).collect();
        if given.is_empty() {
            return "/v1/annotations".to_owned();
        }
        format!("/v1/annotations?{}", given.join("&"))
    }
}

/// Returns what the cursor after an annotation contains: its place in the order of the list.
pub(crate) fn key(at: DateTime<Utc>, id: Uuid) -> String {
    format!("{}/{id}", at.timestamp_micros())
}

fn opened(key: &str) -> Result<(DateTime<Utc>, Uuid), Problem> {
    let place = key.split_once('/').and_then(|(at, id)| {
        Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?))
    });
    place.ok_or_else(|| Problem::field("?cursor", "must be a next_cursor of this list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(parameters: &[(&str, &str)]) -> AnnotationsQuery {
        let get = |name| {
            let found = parameters.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        AnnotationsQuery {
            from: get("from"),
            to: get("to"),
            campaign_id: get("campaign_id"),
            limit: get("limit"),
            cursor: get("cursor"),
        }
    }

    #[test]
    fn the_next_page_has_the_same_filter() {
        let path = |parameters: &[(&str, &str)]| {
            query(parameters).parse(Tz::Asia__Kolkata).unwrap().path()
        };
        assert_eq!(path(&[]), "/v1/annotations");
        let parameters = [("from", "2026-03-01"), ("campaign_id", "Spring & more")];
        let expected = "/v1/annotations?from=2026-02-28T18:30:00Z&campaign_id=Spring%20%26%20more";
        assert_eq!(path(&parameters), expected);
    }

    #[test]
    fn a_cursor_is_a_place_in_the_list() {
        let at = DateTime::from_timestamp_micros(1_772_323_200_000_001).unwrap();
        let id = Uuid::now_v7();
        assert_eq!(opened(&key(at, id)).unwrap(), (at, id));
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        for (parameters, code, pointer) in [
            (&[("from", "yesterday")][..], "invalid_field", "?from"),
            (&[("to", "2026-13-01")], "invalid_field", "?to"),
            (&[("from", "2026-03-02"), ("to", "2026-03-02")], "invalid_range", "?from"),
            (&[("campaign_id", "..")], "invalid_field", "?campaign_id"),
            (&[("limit", "501")], "invalid_field", "?limit"),
            // A text, but no place.
            (&[("cursor", "Yg")], "invalid_field", "?cursor"),
        ] {
            let problem = query(parameters).parse(Tz::UTC).unwrap_err();
            assert_eq!(problem.code().as_str(), code, "{parameters:?}");
            let body = problem.body("r");
            let named = format!(r#""pointer":"{pointer}""#);
            assert!(body.contains(&named), "{parameters:?}: {body}");
        }
    }
}
