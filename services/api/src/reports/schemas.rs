//! The catalogue as OpenAPI schemas, so that the document cannot differ from it.

use std::borrow::Cow;

use metrics::{Dimension, Granularity, Metric, Unit};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Object, ObjectBuilder, RefOr, Schema, SchemaFormat,
        schema::{AnyOfBuilder, SchemaType, Type},
    },
};

use crate::{
    reports::Values,
    schemas::{DeclaredName, one_of},
};

/// The name of a granularity.
pub(crate) enum GranularityName {}

/// The name of a metric.
pub(crate) enum MetricName {}

/// The name of a metric of a query: one of events, or one of credit.
pub(crate) enum QueryMetricName {}

impl PartialSchema for GranularityName {
    fn schema() -> RefOr<Schema> {
        one_of(Granularity::ALL.map(Granularity::as_str)).into()
    }
}

impl ToSchema for GranularityName {}

impl PartialSchema for MetricName {
    fn schema() -> RefOr<Schema> {
        one_of(Metric::ALL.map(Metric::as_str)).into()
    }
}

impl ToSchema for MetricName {}

impl PartialSchema for QueryMetricName {
    fn schema() -> RefOr<Schema> {
        let all = Metric::ALL.into_iter().chain(Metric::ATTRIBUTED);
        one_of(all.map(Metric::as_str)).into()
    }
}

impl ToSchema for QueryMetricName {}

/// The name of a dimension: a built-in one, or one that the tenant has declared.
pub(crate) enum DimensionName {}

impl PartialSchema for DimensionName {
    fn schema() -> RefOr<Schema> {
        let declared = DeclaredName::schema();
        AnyOfBuilder::new().item(one_of(Dimension::NAMES)).item(declared).into()
    }
}

impl ToSchema for DimensionName {}

fn value(metric: Metric) -> Object {
    let (kind, format) = match metric.unit() {
        Unit::Count => (Type::Integer, Some("int64")),
        Unit::Quantity => (Type::Number, None),
        Unit::Credit | Unit::Ratio => (Type::Number, Some("double")),
        Unit::Money => (Type::String, Some("decimal")),
    };
    let kind = match metric.unit() {
        Unit::Count | Unit::Quantity | Unit::Credit => SchemaType::Type(kind),
        Unit::Ratio | Unit::Money => SchemaType::from_iter([kind, Type::Null]),
    };
    ObjectBuilder::new()
        .schema_type(kind)
        .format(format.map(|format| SchemaFormat::Custom(format.to_owned())))
        .description(Some(metric.definition().formula))
        .build()
}

fn values(metrics: impl Iterator<Item = Metric>) -> ObjectBuilder {
    metrics.fold(ObjectBuilder::new(), |object, metric| {
        object.property(metric.as_str(), value(metric))
    })
}

impl PartialSchema for Values {
    fn schema() -> RefOr<Schema> {
        let all = || Metric::ALL.into_iter().chain(Metric::ATTRIBUTED);
        let money = all().filter(|metric| metric.needs_currency());
        let by_currency =
            ObjectBuilder::new().additional_properties(Some(values(money))).description(Some(
                "Amounts in each currency, including the tenant's own, if there are others",
            ));
        values(all())
            .property("by_currency", by_currency)
            .description(Some("The requested metrics"))
            .into()
    }
}

impl ToSchema for Values {
    fn name() -> Cow<'static, str> {
        "MetricValues".into()
    }
}
