use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use control_plane::AnnotationScope;
use problem::Problem;
use serde::Deserialize;
use tenancy::CampaignId;
use utoipa::ToSchema;

use crate::{names::AnnotationText, present::present, reports::moment, schemas};

/// The reason for an end that is not after its start.
pub(super) const UNTIL: &str = "must be after `at`, and is excluded";

/// An annotation to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnotationOrder {
    /// When it happened, or began: RFC 3339, or a date, which begins at midnight in the tenant's time
    /// zone.
    #[schema(value_type = schemas::Moment)]
    at: String,
    /// When it ended, excluded. Default: it is a moment.
    #[schema(value_type = Option<schemas::Moment>)]
    until: Option<String>,
    /// What happened.
    #[schema(value_type = schemas::AnnotationText)]
    pub(super) text: AnnotationText,
    /// Who sees it. Default: `personal`.
    #[serde(default)]
    #[schema(value_type = schemas::AnnotationScope)]
    pub(super) scope: AnnotationScope,
    /// The campaign it is of. An advertiser sees the tenant's annotations of its campaigns.
    #[schema(value_type = Option<schemas::CampaignId>)]
    pub(super) campaign_id: Option<CampaignId>,
}

/// The fields of an annotation to change; absent fields remain unchanged.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnotationChange {
    /// When it happened, or began.
    #[schema(value_type = Option<schemas::Moment>)]
    at: Option<String>,
    /// When it ended, excluded; `null` makes it a moment.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::Moment>)]
    until: Option<Option<String>>,
    /// What happened.
    #[schema(value_type = Option<schemas::AnnotationText>)]
    text: Option<AnnotationText>,
    /// The campaign it is of; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::CampaignId>)]
    campaign_id: Option<Option<CampaignId>>,
}

/// A valid change.
pub(super) struct ParsedChange {
    at: Option<DateTime<Utc>>,
    until: Option<Option<DateTime<Utc>>>,
    text: Option<AnnotationText>,
    pub(super) campaign_id: Option<Option<CampaignId>>,
}

impl AnnotationOrder {
    /// Returns when it begins and ends, for a tenant whose days begin in `home`.
    ///
    /// # Errors
    /// A time that is not valid, or an end that is not after the start.
    pub(super) fn times(
        &self,
        home: Tz,
    ) -> Result<(DateTime<Utc>, Option<DateTime<Utc>>), Problem> {
        let at = time(&self.at, "/at", home)?;
        let until = self.until.as_deref().map(|text| time(text, "/until", home)).transpose()?;
        if until.is_some_and(|until| until <= at) {
            return Err(Problem::field("/until", UNTIL));
        }
        Ok((at, until))
    }
}

impl AnnotationChange {
    /// Reads the change for a tenant whose days begin in `home`.
    ///
    /// # Errors
    /// A time is not valid. Only the store can compare them with the unchanged ones.
    pub(super) fn parse(self, home: Tz) -> Result<ParsedChange, Problem> {
        let Self { at, until, text, campaign_id } = self;
        let at = at.map(|text| time(&text, "/at", home)).transpose()?;
        let until = match until {
            Some(Some(text)) => Some(Some(time(&text, "/until", home)?)),
            Some(None) => Some(None),
            None => None,
        };
        Ok(ParsedChange { at, until, text, campaign_id })
    }
}

impl ParsedChange {
    pub(super) fn stored(&self) -> control_plane::AnnotationChange<'_> {
        control_plane::AnnotationChange {
            at: self.at,
            until: self.until,
            text: self.text.as_ref().map(AnnotationText::as_str),
            campaign: self.campaign_id.as_ref().map(Option::as_ref),
        }
    }
}

/// Reads a time within the years that reports can be about.
fn time(text: &str, pointer: &str, home: Tz) -> Result<DateTime<Utc>, Problem> {
    let time = moment(text, home).map_err(|reason| Problem::field(pointer, reason))?;
    let years = DateTime::UNIX_EPOCH..DateTime::UNIX_EPOCH + TimeDelta::days(230 * 365);
    if years.contains(&time) {
        return Ok(time);
    }
    Err(Problem::field(pointer, "must lie between 1970 and 2200"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(body: &str) -> AnnotationOrder {
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn a_date_begins_at_the_tenants_midnight_and_the_scope_is_personal() {
        let order = order(r#"{"at":"2026-11-27","until":"2026-11-28","text":" Black Friday "}"#);
        let (at, until) = order.times(Tz::America__New_York).unwrap();
        assert_eq!(at.to_rfc3339(), "2026-11-27T05:00:00+00:00");
        assert_eq!(until.unwrap().to_rfc3339(), "2026-11-28T05:00:00+00:00");
        assert_eq!(order.scope, AnnotationScope::Personal);
        assert_eq!(order.text.as_str(), "Black Friday");
    }

    #[test]
    fn every_wrong_time_is_named_with_what_would_be_correct() {
        for (at, until, pointer, right) in [
            ("yesterday", "2026-11-28", "/at", "RFC 3339"),
            ("2026-11-27", "soon", "/until", "RFC 3339"),
            ("2026-11-27", "2026-11-27", "/until", "after `at`"),
            ("2026-11-27", "2026-11-26", "/until", "after `at`"),
            ("1969-12-31T23:59:59Z", "2026-11-26", "/at", "between 1970"),
            ("2026-11-27", "2300-01-01", "/until", "and 2200"),
        ] {
            let order = order(&format!(r#"{{"at":"{at}","until":"{until}","text":"x"}}"#));
            let body = order.times(Tz::UTC).unwrap_err().body("r");
            assert!(body.contains(&format!(r#""pointer":"{pointer}""#)), "{at} {until}: {body}");
            assert!(body.contains(right), "{at} {until}: {body}");
        }
    }

    #[test]
    fn null_removes_and_absent_leaves_unchanged() {
        let read = |body| serde_json::from_str::<AnnotationChange>(body).unwrap();
        let parsed = read(r#"{"until":null}"#).parse(Tz::UTC).unwrap();
        assert_eq!((parsed.stored().until, parsed.stored().campaign), (Some(None), None));
        let parsed = read(r#"{"campaign_id":null,"text":"x"}"#).parse(Tz::UTC).unwrap();
        assert_eq!((parsed.stored().until, parsed.stored().campaign), (None, Some(None)));
        assert_eq!(parsed.stored().text, Some("x"));
    }
}
