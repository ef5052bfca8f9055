//! `/v1/parked`, for the owners of a tenant.

use chrono::{DateTime, Utc};
use control_plane::{ParkedAction, ParkedHour, ParkedOrder};
use problem::{Code, Problem};
use serde::Serialize;
use stream::LogReader;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{failure::Failure, member::Member, reports::moment, state::Api};

pub(crate) mod erase;
pub(crate) mod release;
pub(crate) mod show;

/// What is parked, and what was ordered about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParkedAnswer {
    /// How many events are parked.
    events: u64,
    /// Their bytes in the log.
    bytes: u64,
    /// The same by hour of arrival, oldest first.
    hours: Vec<ParkedHourView>,
    /// The latest orders, latest first.
    orders: Vec<ParkedOrderView>,
}

/// What is parked of one hour.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParkedHourView {
    /// When the hour began in which the log received the events.
    hour: DateTime<Utc>,
    /// How many are parked.
    events: u64,
    /// Their bytes in the log.
    bytes: u64,
    /// When they are gone, unless they are released before.
    expires_at: DateTime<Utc>,
}

/// An order to release or erase parked events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParkedOrderView {
    /// Its id.
    id: Uuid,
    /// What is done with the events.
    action: ParkedActionView,
    /// What the log received before this time; `null`: all that was there.
    before: Option<DateTime<Utc>>,
    /// Who gave the order.
    asked_by: String,
    /// When that was.
    asked_at: DateTime<Utc>,
    /// How many events were released or erased so far.
    events: u64,
    /// Their bytes in the log.
    bytes: u64,
    /// When all were; `null` before.
    finished_at: Option<DateTime<Utc>>,
}

/// What an order does with parked events.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ParkedActionView {
    /// They are written into the log of events, and count.
    Release,
    /// They are dropped.
    Erase,
}

impl ParkedAnswer {
    fn new(hours: Vec<ParkedHour>, orders: Vec<ParkedOrder>) -> Self {
        Self {
            events: hours.iter().map(|hour| hour.events).sum(),
            bytes: hours.iter().map(|hour| hour.bytes).sum(),
            hours: hours.into_iter().map(ParkedHourView::from).collect(),
            orders: orders.into_iter().map(ParkedOrderView::from).collect(),
        }
    }
}

impl From<ParkedHour> for ParkedHourView {
    fn from(ParkedHour { hour, events, bytes }: ParkedHour) -> Self {
        Self { hour, events, bytes, expires_at: hour + LogReader::PARKED_FOR }
    }
}

impl From<ParkedOrder> for ParkedOrderView {
    fn from(order: ParkedOrder) -> Self {
        let ParkedOrder {
            order_id,
            action,
            before,
            asked_by,
            asked_at,
            events,
            bytes,
            finished_at,
        } = order;
        let action = match action {
            ParkedAction::Release => ParkedActionView::Release,
            ParkedAction::Erase => ParkedActionView::Erase,
        };
        Self { id: order_id, action, before, asked_by, asked_at, events, bytes, finished_at }
    }
}

/// Gives an order about the tenant's parked events: those from before `before`, or all.
///
/// # Errors
/// `pointer` names a time that is not valid, or another order is not finished.
async fn order<P: auth::TenantPermission>(
    tenant: &Tenant<P>,
    api: &Api,
    action: ParkedAction,
    (pointer, before): (&str, Option<&str>),
) -> Result<ParkedOrderView, Error> {
    let member = Member::of(tenant);
    let before = before.map(|text| moment(text, member.home())).transpose();
    let before = before.map_err(|reason| Problem::field(pointer, reason))?;
    let control_plane = api.control_plane.for_tenant(member.tenant());
    let ordered = control_plane.order_parked(&member.actor(), action, before, Utc::now()).await;
    let ordered = ordered.map_err(Failure::from)?.ok_or_else(|| {
        let detail =
            "Another order about parked events is being carried out. Wait until it is finished.";
        Problem::new(Code::WrongState, detail)
    })?;
    Ok(ordered.into())
}
