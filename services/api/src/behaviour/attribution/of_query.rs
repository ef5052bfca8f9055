//! The attribution that a query names.

use std::fmt;

use attribution::{DateBasis, Rule};
use chrono::{DateTime, TimeDelta, Utc};
use metrics::{Dimension, Sums};
use money::Currency;
use problem::Problem;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use tenancy::CampaignId;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};
use warehouse::TenantWarehouse;

use super::{
    super::fields::By,
    body::{AttributionRequest, RuleBody, UsedRule, date_basis, preset},
};
use crate::{failure::Failure, query::Time, schemas::one_of};

/// The attribution of events: to the campaign that they name.
const DECLARED: &str = "declared";

/// The attribution of a query: `declared`, the name of a preset, or a rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum QueryAttributionBody {
    /// `declared`, or the name of a preset.
    #[schema(value_type = AttributionName)]
    Named(String),
    /// A rule, with the date and the key of its credit.
    Rule(QueryRule),
}

/// The name of an attribution: `declared`, or a preset's.
pub(crate) enum AttributionName {}

impl PartialSchema for AttributionName {
    fn schema() -> RefOr<Schema> {
        let presets = Rule::PRESETS.map(|(name, _)| name);
        one_of([DECLARED].into_iter().chain(presets)).into()
    }
}

impl ToSchema for AttributionName {}

/// A rule of attribution, with the date and the key of its credit.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryRule {
    /// The rule. Default: Footfall's own.
    #[serde(default)]
    rule: RuleBody,
    /// The date of a credit: `interaction`, that of the ad, or `conversion`, that of the order. Default:
    /// `conversion`.
    #[schema(example = "conversion")]
    date_basis: Option<String>,
    /// What the events of one user have in common. Default: `visitor`.
    #[serde(default)]
    by: By,
}

/// A valid attribution of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct QueryAttribution {
    preset: &'static str,
    rule: Rule,
    basis: DateBasis,
    by: By,
}

/// The attribution of a query, as it was used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsedAttribution {
    /// The rule, with its defaults.
    rule: UsedRule,
    /// The date of a credit: `interaction` or `conversion`.
    #[schema(example = "conversion")]
    date_basis: &'static str,
    /// What the events of one user have in common.
    by: By,
}

impl<'de> Deserialize<'de> for QueryAttributionBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// Reads a text or an object, so that an error is that of the wrong field.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = QueryAttributionBody;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "`declared`, the name of a preset, or an object with `rule`, `date_basis` and `by`",
        )
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(QueryAttributionBody::Named(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let rule = QueryRule::deserialize(MapAccessDeserializer::new(map));
        rule.map(QueryAttributionBody::Rule)
    }
}

impl QueryAttributionBody {
    /// Reads the attribution, which is at `/attribution` of a query; none if events declare it.
    ///
    /// # Errors
    /// A wrong field, and what would be correct.
    pub(crate) fn parse(&self) -> Result<Option<QueryAttribution>, Problem> {
        match self {
            Self::Named(name) if name == DECLARED => Ok(None),
            Self::Named(name) => {
                let (preset, rule) = preset(name, "/attribution")?;
                let (basis, by) = (DateBasis::Conversion, By::default());
                Ok(Some(QueryAttribution { preset, rule, basis, by }))
            }
            Self::Rule(QueryRule { rule, date_basis: basis, by }) => {
                let (used, rule) = rule.parse("/attribution/rule")?;
                let basis = date_basis(basis.as_deref(), "/attribution/date_basis")?;
                Ok(Some(QueryAttribution { preset: used.preset, rule, basis, by: *by }))
            }
        }
    }
}

impl QueryAttribution {
    /// Returns the longest time from an ad to an order of which it has credit.
    pub(crate) const fn longest_window(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.rule.longest_window())
    }

    /// Returns how long after a time orders can still give credit to it.
    pub(crate) fn dated_after(&self) -> TimeDelta {
        match self.basis {
            DateBasis::Interaction => self.longest_window(),
            DateBasis::Conversion => TimeDelta::zero(),
        }
    }

    /// Returns it as answers show it.
    pub(crate) fn used(&self) -> UsedAttribution {
        let rule = UsedRule::of(self.preset, &self.rule);
        UsedAttribution { rule, date_basis: self.basis.as_str(), by: self.by }
    }

    /// Hands over the credit of the campaigns that the credential may see, by the start of each bucket. Of an ad's
    /// values of the dimensions, `named_by` returns how many of the first ones name its segment; none if its credit
    /// is not counted.
    ///
    /// # Errors
    /// There are too many cells, a key has too many ads and orders, the query is too expensive, or the cluster is
    /// unavailable.
    pub(crate) async fn credit(
        &self,
        (reader, home): (&TenantWarehouse, Currency),
        campaigns: Option<&[CampaignId]>,
        (time, dimensions): (Time, &[Dimension]),
        named_by: impl Fn(&[String]) -> Option<usize> + Sync,
        mut each: impl FnMut(&[String], DateTime<Utc>, Sums),
    ) -> Result<(), Failure> {
        let request = AttributionRequest {
            time,
            format: None,
            dimensions: dimensions.to_vec(),
            rules: vec![(UsedRule::of(self.preset, &self.rule), self.rule)],
            basis: self.basis,
            by: self.by,
        };
        let credited = request.credited(reader, campaigns, home, named_by).await?;
        for ((segment, bucket), credits) in credited.rules.iter().flat_map(|rule| &rule.credits) {
            if let Some(start) = credited.buckets.starts().get(*bucket) {
                each(credited.segments.keys(*segment), *start, credits.sums());
            }
        }
        Ok(())
    }
}
