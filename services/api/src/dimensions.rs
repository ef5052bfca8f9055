//! The dimensions of a tenant: those that it has declared, beside the built-in ones.

use chrono_tz::Tz;
use control_plane::{ControlPlane, TenantControl};
use metrics::{DeclaredDimension, Dimensions, PropertyPointer, PropertyType};
use problem::{Code, Problem};
use serde::Deserialize;
use tenancy::TenantContext;
use utoipa::ToSchema;

use crate::{
    failure::{Failure, in_field},
    member::Member,
    schemas,
};

/// The most dimensions that a tenant declares.
pub(crate) const MOST_DECLARED: u32 = 50;

/// What the requests of a tenant are read by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home<'a> {
    /// The zone in which its days begin.
    pub(crate) zone: Tz,
    /// Its dimensions.
    pub(crate) dimensions: &'a Dimensions,
}

/// A dimension to declare, in place of what was declared under its name before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DimensionOrder {
    /// Where the property is in the event.
    #[schema(value_type = schemas::PropertyPointer)]
    pub(crate) pointer: String,
    /// Which of its values count. Default: `string`.
    #[serde(rename = "type")]
    #[schema(value_type = Option<schemas::PropertyType>)]
    pub(crate) kind: Option<String>,
}

/// Returns the dimensions of a tenant as they are declared now: a change counts at once, in every process.
pub(crate) async fn of(stored: &TenantControl) -> Result<Dimensions, Failure> {
    Ok(stored.declared_dimensions().await?.into_iter().collect())
}

/// Reads a request of a tenant. Most name no declared dimension: so it is read by the built-in ones first,
/// and a valid one needs no store.
///
/// # Errors
/// It is not valid, or the control plane is unavailable.
pub(crate) async fn read<T>(
    control_plane: &ControlPlane,
    tenant: &TenantContext,
    parse: impl Fn(Home<'_>) -> Result<T, Problem>,
) -> Result<T, Failure> {
    let zone = tenant.time_zone();
    if let Ok(request) = parse(Home { zone, dimensions: &Dimensions::BUILT_IN }) {
        return Ok(request);
    }
    let dimensions = of(&control_plane.for_tenant(tenant)).await?;
    Ok(parse(Home { zone, dimensions: &dimensions })?)
}

/// Declares a dimension of a tenant, or replaces the one of this name.
///
/// # Errors
/// A field is not valid, the tenant has as many as allowed, or the control plane is unavailable.
pub(crate) async fn declare(
    control_plane: &ControlPlane,
    member: &Member<'_>,
    name: &str,
    order: &DimensionOrder,
) -> Result<DeclaredDimension, Failure> {
    let dimension = DeclaredDimension {
        name: name.parse().map_err(wrong("{name}"))?,
        pointer: order.pointer.parse::<PropertyPointer>().map_err(wrong("/pointer"))?,
        kind: match &order.kind {
            Some(kind) => kind.parse().map_err(wrong("/type"))?,
            None => PropertyType::String,
        },
    };
    let stored = control_plane.for_tenant(member.tenant());
    if stored.declare_dimension(&member.actor(), &dimension, MOST_DECLARED).await? {
        return Ok(dimension);
    }
    let detail = format!("A tenant declares at most {MOST_DECLARED} dimensions. Delete some.");
    Err(Problem::new(Code::LimitReached, detail).into())
}

/// Deletes the declaration of this name.
///
/// # Errors
/// There is none, or the control plane is unavailable.
pub(crate) async fn delete(
    control_plane: &ControlPlane,
    member: &Member<'_>,
    name: &str,
) -> Result<(), Failure> {
    let stored = control_plane.for_tenant(member.tenant());
    let deleted = stored.delete_dimension(&member.actor(), name).await;
    match deleted.map_err(in_field("{name}", "must be the name of a declared dimension"))? {
        true => Ok(()),
        false => Err(Problem::not_found().into()),
    }
}

/// Returns a closure for `map_err` where a text is read; the error states what would be correct.
fn wrong<E: std::fmt::Display>(pointer: &'static str) -> impl FnOnce(E) -> Problem {
    move |error| Problem::field(pointer, error.to_string())
}
