//! What each key did, in order: the input of funnels, retention and sessions.

mod activities;
mod journeys;
mod moments;
mod refunds;
mod returns;
mod times;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use money::Currency;

pub use self::{
    activities::{Activity, KeyActivities},
    journeys::{AdTouch, JourneyQuery, KeyJourney, LineProduct, OrderLine},
    moments::{KeyEvents, MomentQuery},
    refunds::Refund,
    returns::{KeyReturns, ReturnQuery},
    times::TimeQuery,
};
use crate::statement::{Parameter, Parameters};

/// What events have in common that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKey {
    /// The visitor.
    Visitor,
    /// The customer.
    Customer,
    /// The session, as the shop names it.
    Session,
}

impl EventKey {
    const fn column(self) -> &'static str {
        match self {
            Self::Visitor => "visitor_id",
            Self::Customer => "customer_id",
            Self::Session => "session_id",
        }
    }
}

/// What tests of some dimensions depend on.
#[derive(Clone, Copy, Debug)]
pub struct Local {
    /// The time zone of hours and weekdays.
    pub zone: Tz,
    /// The currency of events without one.
    pub home: Currency,
}

impl Local {
    pub(crate) fn set(self, parameters: &mut Parameters) {
        parameters.set("tz", Parameter::Text(self.zone.name().to_owned()));
        parameters.set("home", Parameter::Text(self.home.as_str().to_owned()));
    }
}

/// Returns the id of an event from the server's 128 bits: its two halves, the first one lower.
const fn id(raw: u128) -> u128 {
    raw.rotate_left(64)
}

pub(crate) fn milliseconds(time: DateTime<Utc>) -> Parameter {
    Parameter::Milliseconds(time.timestamp_millis())
}
