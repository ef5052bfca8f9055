//! `/v1/dimensions`.

use std::borrow::Cow;

use metrics::{Dimension, Level, Metric};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schemas;

pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod put;

/// One dimension of the catalogue, or one that the tenant has declared.
#[derive(Serialize, ToSchema)]
pub(crate) struct DimensionDefinition {
    /// The name: of a built-in dimension, one that never changes.
    #[schema(example = "campaign")]
    name: String,
    /// The meaning of its values.
    #[schema(example = "campaign_id; empty for events without a campaign")]
    description: Cow<'static, str>,
    /// What it describes: an `event` as a whole, or each `product` of it.
    #[schema(value_type = String, example = "event")]
    level: Level,
    /// Of a declared one: where the property is in the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::PropertyPointer>)]
    pointer: Option<String>,
    /// Of a declared one: which values of the property count.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::PropertyType>)]
    kind: Option<&'static str>,
    /// The metrics that it can be combined with, and that the credential may ask.
    #[schema(value_type = Vec<String>)]
    metrics: Vec<&'static str>,
    /// The metrics of credit that it can be combined with, in a query that names an `attribution`; none of a dimension
    /// that ads do not have.
    #[schema(value_type = Vec<String>)]
    attributed: Vec<&'static str>,
}

impl DimensionDefinition {
    /// Returns the definition for a credential that may ask these metrics.
    fn new(dimension: &Dimension, metrics: &[Metric]) -> Self {
        let declared = dimension.declared();
        let fits = |metric: &Metric| metric.combines_with(dimension);
        let names =
            |metrics: &[Metric]| metrics.iter().copied().filter(fits).map(Metric::as_str).collect();
        Self {
            name: dimension.as_str().to_owned(),
            description: dimension.description(),
            level: dimension.level(),
            pointer: declared.map(|declared| declared.pointer.as_str().to_owned()),
            kind: declared.map(|declared| declared.kind.as_str()),
            metrics: names(metrics),
            attributed: names(&Metric::ATTRIBUTED),
        }
    }
}
