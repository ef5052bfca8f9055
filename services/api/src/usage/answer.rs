use std::{collections::BTreeMap, ops::RangeInclusive};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use control_plane::{UsageCount, UsageDays};
use serde::Serialize;
use utoipa::ToSchema;
use warehouse::DayUsage;

/// What a tenant used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageAnswer {
    /// The first day.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
    /// The tenant's time zone, whose clock the days follow.
    #[schema(example = "Europe/Berlin")]
    tz: &'static str,
    /// All days together.
    totals: UsageNumbers,
    /// Every day, in order.
    days: Vec<UsageDay>,
    /// The bytes of its rows on disk now, compressed; in shared tables its share of them by rows.
    storage_bytes: u64,
    /// Every event received before this time is counted; `null` while it is unknown.
    as_of: Option<DateTime<Utc>>,
}

/// What a tenant used on one day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageDay {
    day: NaiveDate,
    #[serde(flatten)]
    numbers: UsageNumbers,
}

/// What a tenant used.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub(crate) struct UsageNumbers {
    /// Accepted events that are stored, by the day on which the log received them; an event that was sent
    /// again is one.
    events: u64,
    /// Their rows: one for each item, at least one for each event.
    rows: u64,
    /// The bytes of the rows before compression.
    event_bytes: u64,
    /// Refused events, by the day on which they were received.
    rejects: u64,
    /// Events that were accepted, and set aside because a store refused them.
    set_aside: u64,
    /// The bytes of refused and set-aside events, as they were sent.
    reject_bytes: u64,
    /// Reports and exports that ran; an answer from a cache is none.
    reports: u64,
    /// How long live streams were open, in seconds, all of them together.
    stream_seconds: f64,
}

/// The parts of an answer.
pub(super) struct UsageParts {
    pub(super) zone: Tz,
    pub(super) days: RangeInclusive<NaiveDate>,
    pub(super) sent: BTreeMap<NaiveDate, DayUsage>,
    pub(super) counts: UsageDays,
    pub(super) storage_bytes: u64,
    pub(super) as_of: Option<DateTime<Utc>>,
}

impl From<UsageParts> for UsageAnswer {
    fn from(parts: UsageParts) -> Self {
        let UsageParts { zone, days, sent, counts, storage_bytes, as_of } = parts;
        let (from, to) = (*days.start(), *days.end());
        let mut totals = UsageNumbers::default();
        let mut listed = Vec::new();
        for day in from.iter_days().take_while(|day| *day <= to) {
            let sent = sent.get(&day).copied().unwrap_or_default();
            let count = counts.get(&day).copied().unwrap_or_default();
            let numbers = UsageNumbers::new(sent, count);
            totals.add(numbers);
            listed.push(UsageDay { day, numbers });
        }
        Self { from, to, tz: zone.name(), totals, days: listed, storage_bytes, as_of }
    }
}

impl UsageNumbers {
    fn new(sent: DayUsage, count: UsageCount) -> Self {
        let DayUsage { events, rows, bytes, rejects, set_aside, reject_bytes } = sent;
        let UsageCount { reports, streams } = count;
        Self {
            events,
            rows,
            event_bytes: bytes,
            rejects,
            set_aside,
            reject_bytes,
            reports,
            stream_seconds: streams.as_secs_f64(),
        }
    }

    fn add(&mut self, other: Self) {
        self.events += other.events;
        self.rows += other.rows;
        self.event_bytes += other.event_bytes;
        self.rejects += other.rejects;
        self.set_aside += other.set_aside;
        self.reject_bytes += other.reject_bytes;
        self.reports += other.reports;
        self.stream_seconds += other.stream_seconds;
    }
}
