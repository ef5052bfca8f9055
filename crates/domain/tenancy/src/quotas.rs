use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Limits;

/// What a tenant may send, ask for and create over time. What is absent has no limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// Events accepted per minute.
    pub events_per_minute: Option<u64>,
    /// Events accepted per hour.
    pub events_per_hour: Option<u64>,
    /// Events accepted per day.
    pub events_per_day: Option<u64>,
    /// Bytes of events accepted per second, averaged over ten seconds; absent: 4,096 for each event
    /// per second.
    pub bytes_per_second: Option<u64>,
    /// Bytes of events accepted per minute.
    pub bytes_per_minute: Option<u64>,
    /// Bytes of events accepted per hour.
    pub bytes_per_hour: Option<u64>,
    /// Bytes of events accepted per day.
    pub bytes_per_day: Option<u64>,
    /// Requests to the api per second, averaged over ten seconds.
    pub requests_per_second: u64,
    /// Requests to the api per minute.
    pub requests_per_minute: Option<u64>,
    /// Requests to the api per hour.
    pub requests_per_hour: Option<u64>,
    /// Requests to the api per day.
    pub requests_per_day: Option<u64>,
    /// Rejects stored per day. Those beyond are refused as all others, and not stored.
    pub rejects_per_day: u64,
    /// Different campaigns that events may name per day (UTC). Events of others count for `other`.
    pub campaigns_per_day: u64,
    /// Different products that events may name per day (UTC). Items of others count for `other`.
    pub products_per_day: u64,
    /// What happens to events over a quota of an hour or of a day.
    pub over_quota: OverQuota,
    /// Events parked per day, if they are.
    pub parked_events_per_day: u64,
    /// Bytes of events parked per day, if they are.
    pub parked_bytes_per_day: u64,
}

/// What happens to events over a quota of an hour or of a day. The shorter ones protect the platform, so they refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverQuota {
    /// They are refused.
    #[default]
    Refuse,
    /// They are parked: kept until the tenant releases or erases them, or until they expire.
    Park,
}

/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Events that are sent; a request without events counts as one.
    Events,
    /// Bytes of events, once inflated.
    Bytes,
    /// Requests to the api.
    Requests,
    /// Rejects that are stored.
    Rejects,
    /// Events that are parked.
    ParkedEvents,
    /// Bytes of events that are parked.
    ParkedBytes,
}

/// The time over which a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// A rate per second, of which ten seconds may be used at once.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

/// The units that a tenant may use in each window, in the order of [`Window::ALL`].
pub type Rates = [Option<u64>; 4];

/// How much of a quota is left, as the `RateLimit` fields of HTTP report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// What is counted.
    pub unit: Unit,
    /// Over which time.
    pub window: Window,
    /// How many units may be used at once, if none was used before.
    pub quota: u64,
    /// How many are left.
    pub left: u64,
    /// When all of them are there again.
    pub reset: Duration,
}

impl Quotas {
    /// The most names per day: their filter has 12 MB.
    pub const MOST_NAMES: u64 = 10_000_000;

    /// Bytes for each event per second, if the tenant has no limit of bytes per second.
    const BYTES_OF_AN_EVENT: u64 = 4_096;
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            events_per_minute: None,
            events_per_hour: None,
            events_per_day: None,
            bytes_per_second: None,
            bytes_per_minute: None,
            bytes_per_hour: None,
            bytes_per_day: None,
            requests_per_second: 1_000,
            requests_per_minute: None,
            requests_per_hour: None,
            requests_per_day: None,
            rejects_per_day: 1_000_000,
            campaigns_per_day: 10_000,
            products_per_day: 250_000,
            over_quota: OverQuota::Refuse,
            parked_events_per_day: 1_000_000,
            parked_bytes_per_day: 1 << 30,
        }
    }
}

impl Limits {
    /// Returns how many units the tenant may use in each window.
    pub fn rates(&self, unit: Unit) -> Rates {
        let Self { events_per_second, quotas, .. } = self;
        let events_per_second = u64::from(*events_per_second);
        match unit {
            Unit::Events => [
                Some(events_per_second),
                quotas.events_per_minute,
                quotas.events_per_hour,
                quotas.events_per_day,
            ],
            Unit::Bytes => [
                quotas
                    .bytes_per_second
                    .or(Some(events_per_second.saturating_mul(Quotas::BYTES_OF_AN_EVENT))),
                quotas.bytes_per_minute,
                quotas.bytes_per_hour,
                quotas.bytes_per_day,
            ],
            Unit::Requests => [
                Some(quotas.requests_per_second),
                quotas.requests_per_minute,
                quotas.requests_per_hour,
                quotas.requests_per_day,
            ],
            Unit::Rejects => [None, None, None, Some(quotas.rejects_per_day)],
            // Parking takes as much of the platform as accepting does: the short quotas hold as well.
            Unit::ParkedEvents => {
                let [second, minute, ..] = self.rates(Unit::Events);
                [second, minute, None, Some(quotas.parked_events_per_day)]
            }
            Unit::ParkedBytes => {
                let [second, minute, ..] = self.rates(Unit::Bytes);
                [second, minute, None, Some(quotas.parked_bytes_per_day)]
            }
        }
    }

    /// Returns whether events over this limit are parked rather than refused.
    pub fn parks(&self, exceeded: &RateLimit) -> bool {
        self.quotas.over_quota == OverQuota::Park
            && matches!(exceeded.unit, Unit::Events | Unit::Bytes)
            && matches!(exceeded.window, Window::Hour | Window::Day)
    }
}

impl OverQuota {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::Refuse, Self::Park];

    /// Returns the name used in files and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Park => "park",
        }
    }
}

impl Unit {
    /// Every unit.
    pub const ALL: [Self; 6] = [
        Self::Events,
        Self::Bytes,
        Self::Requests,
        Self::Rejects,
        Self::ParkedEvents,
        Self::ParkedBytes,
    ];

    /// Returns the name used in keys and headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Bytes => "bytes",
            Self::Requests => "requests",
            Self::Rejects => "rejects",
            Self::ParkedEvents => "parked-events",
            Self::ParkedBytes => "parked-bytes",
        }
    }
}

impl Window {
    /// Every window, from the shortest.
    pub const ALL: [Self; 4] = [Self::Second, Self::Minute, Self::Hour, Self::Day];

    /// Returns the time in which a tenant may use as many units as its limit says.
    pub const fn period(self) -> Duration {
        match self {
            Self::Second => Duration::from_secs(1),
            Self::Minute => Duration::from_secs(60),
            Self::Hour => Duration::from_secs(3_600),
            Self::Day => Duration::from_secs(86_400),
        }
    }

    /// Returns the time whose units may be used at once.
    pub const fn burst(self) -> Duration {
        match self {
            Self::Second => Duration::from_secs(10),
            other => other.period(),
        }
    }

    /// Returns the name used in keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

impl RateLimit {
    /// Returns the sentence that refuses more units than this limit allows.
    pub fn refusal(&self) -> String {
        let Self { unit, window, quota, .. } = *self;
        let unit = match unit {
            Unit::ParkedEvents => "events over its quotas",
            Unit::ParkedBytes => "bytes over its quotas",
            other => other.as_str(),
        };
        match window {
            Window::Second => {
                let seconds = window.burst().as_secs();
                let rate = quota / seconds.max(1);
                format!(
                    "The tenant may send {rate} {unit} a second, averaged over {seconds} seconds."
                )
            }
            longer => format!("The tenant may send {quota} {unit} a {}.", longer.as_str()),
        }
    }

    /// Returns the item of this limit in `RateLimit-Policy`.
    pub fn policy(&self) -> impl fmt::Display {
        let Self { quota, window, .. } = *self;
        let name = self.name();
        let window = window.burst().as_secs();
        let unit = match self.unit {
            Unit::Bytes | Unit::ParkedBytes => ";qu=\"content-bytes\"",
            _ => "",
        };
        fmt::from_fn(move |out| write!(out, "{name};q={quota}{unit};w={window}"))
    }

    /// Returns the item of this limit in `RateLimit`.
    pub fn item(&self) -> impl fmt::Display {
        let Self { left, reset, .. } = *self;
        let name = self.name();
        let reset = reset.as_secs() + u64::from(reset.subsec_nanos() > 0);
        fmt::from_fn(move |out| write!(out, "{name};r={left};t={reset}"))
    }

    /// The name of the limit, as a string of structured fields.
    fn name(&self) -> impl fmt::Display {
        let Self { unit, window, .. } = *self;
        fmt::from_fn(move |out| match window {
            Window::Second => write!(out, "\"{}\"", unit.as_str()),
            longer => write!(out, "\"{}-{}\"", unit.as_str(), longer.as_str()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_written_as_the_fields_of_the_draft() {
        let mut limit = RateLimit {
            unit: Unit::Events,
            window: Window::Second,
            quota: 50_000,
            left: 49_999,
            reset: Duration::from_millis(1_001),
        };
        assert_eq!(limit.policy().to_string(), r#""events";q=50000;w=10"#);
        assert_eq!(limit.item().to_string(), r#""events";r=49999;t=2"#);
        (limit.unit, limit.window) = (Unit::Bytes, Window::Day);
        let policy = r#""bytes-day";q=50000;qu="content-bytes";w=86400"#;
        assert_eq!(limit.policy().to_string(), policy);
        assert_eq!(limit.item().to_string(), r#""bytes-day";r=49999;t=2"#);
    }

    #[test]
    fn a_refusal_names_the_limit_that_is_exceeded() {
        let mut limit = RateLimit {
            unit: Unit::Events,
            window: Window::Second,
            quota: 50_000,
            left: 0,
            reset: Duration::from_secs(1),
        };
        let refusal = "The tenant may send 5000 events a second, averaged over 10 seconds.";
        assert_eq!(limit.refusal(), refusal);
        (limit.unit, limit.window) = (Unit::Bytes, Window::Day);
        assert_eq!(limit.refusal(), "The tenant may send 50000 bytes a day.");
    }

    #[test]
    fn events_over_a_quota_are_parked_if_the_tenant_wants_it_and_the_quota_is_long() {
        let exceeded = |unit, window| {
            let reset = Duration::from_secs(1);
            RateLimit { unit, window, quota: 1, left: 0, reset }
        };
        let refusing = Limits::default();
        let mut parking = refusing;
        parking.quotas.over_quota = OverQuota::Park;
        for (unit, window, parked) in [
            (Unit::Events, Window::Second, false),
            (Unit::Events, Window::Minute, false),
            (Unit::Events, Window::Hour, true),
            (Unit::Bytes, Window::Day, true),
            (Unit::Requests, Window::Day, false),
            (Unit::ParkedEvents, Window::Day, false),
        ] {
            assert_eq!(parking.parks(&exceeded(unit, window)), parked, "{unit:?} {window:?}");
            assert!(!refusing.parks(&exceeded(unit, window)));
        }
    }

    #[test]
    fn parked_events_are_within_the_short_quotas_and_one_of_the_day() {
        let mut limits = Limits { events_per_second: 100, ..Limits::default() };
        limits.quotas.events_per_minute = Some(50);
        limits.quotas.events_per_hour = Some(10);
        limits.quotas.parked_events_per_day = 7;
        let rates = limits.rates(Unit::ParkedEvents);
        assert_eq!(rates, [Some(100), Some(50), None, Some(7)]);
    }

    #[test]
    fn bytes_follow_the_events_unless_they_have_a_limit_of_their_own() {
        let mut limits = Limits { events_per_second: 100, ..Limits::default() };
        assert_eq!(limits.rates(Unit::Bytes), [Some(409_600), None, None, None]);
        limits.quotas.bytes_per_second = Some(7);
        limits.quotas.bytes_per_day = Some(9);
        assert_eq!(limits.rates(Unit::Bytes), [Some(7), None, None, Some(9)]);
    }
}
