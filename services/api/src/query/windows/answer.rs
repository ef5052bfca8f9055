mod sheet;

use chrono::{DateTime, Utc};
use metrics::{Distincts, Metric, Sums};
use money::Currency;
use serde::{Serialize, Serializer, ser::SerializeMap};
use utoipa::ToSchema;

use super::{
    super::segments::Numbers,
    body::{WindowKind, WindowType, WindowsRequest},
};
use crate::{
    behaviour::By,
    reports::{Currencies, Values},
};

/// What was counted.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) rows: Vec<WindowRow>,
    /// The number of segments, or of keys with a session.
    pub(super) segments: usize,
    /// The number of windows of a segment, or of all sessions.
    pub(super) windows: usize,
    /// The sums of all windows: of sessions, also of those without a row.
    pub(super) sums: Sums,
    /// Of sessions: the number of events without a key.
    pub(super) without_key: Option<u64>,
}

/// The numbers of a segment, or of a key, in a window.
#[derive(Debug)]
pub(super) struct WindowRow {
    pub(super) keys: Vec<String>,
    pub(super) from: DateTime<Utc>,
    /// None for a session.
    pub(super) to: Option<DateTime<Utc>>,
    /// The last event of a session.
    pub(super) last: Option<DateTime<Utc>>,
    pub(super) numbers: Numbers,
}

/// Metrics in windows of time. Times are UTC; money is a decimal string; a ratio with a zero denominator
/// is `null`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WindowsAnswer {
    /// The start of the range.
    from: DateTime<Utc>,
    /// Its end, excluded.
    to: DateTime<Utc>,
    /// The time zone whose clock the windows follow.
    #[schema(example = "Europe/Berlin")]
    tz: &'static str,
    /// The metrics of a row.
    #[serde(skip)]
    metrics: Vec<Metric>,
    /// The names of the keys of a row.
    #[serde(skip)]
    names: Vec<String>,
    window: AnsweredWindow,
    /// One for each segment and window, empty ones included; or one for each of the first sessions.
    #[schema(value_type = Vec<WindowAnswerRow>)]
    rows: Vec<NamedRow>,
    /// The number of segments, of which `rows` has at most `limit`; of visitors or customers with a
    /// session.
    segments: usize,
    /// The number of windows of each segment; of sessions, those of the range, of which `rows` has at
    /// most `limit`.
    windows: usize,
    /// All sessions of the range together.
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<Values>,
    /// Of session windows: events that are left out because they have no key.
    #[serde(skip_serializing_if = "Option::is_none")]
    without_key: Option<u64>,
    /// The currency of the amounts: the tenant's own, also for events without a currency.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// Other currencies of the counted events: `by_currency` contains their amounts.
    #[schema(value_type = Vec<String>, example = json!(["USD"]))]
    other_currencies: Vec<Currency>,
    /// Everything received before this time is counted; `null` while it is unknown.
    as_of: Option<DateTime<Utc>>,
    /// Present if events are read from before it: events that were received before this time have been deleted by the
    /// tenant's retention, so the numbers of that part may be too small, and those of new-to-brand too large.
    #[serde(skip_serializing_if = "Option::is_none")]
    retained_from: Option<DateTime<Utc>>,
}

/// The kind and the size of windows. Lengths are those without a change of the clock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnsweredWindow {
    #[serde(rename = "type")]
    kind: WindowType,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    every_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<By>,
}

/// A row: the values of its dimensions by their names, or the `key` of a session, and its numbers.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `NamedRow` writes")]
pub(crate) struct WindowAnswerRow {
    /// Of a session: its visitor or customer.
    key: Option<String>,
    /// The start of the window: of a session, its first event.
    from: DateTime<Utc>,
    /// Its end, excluded; not of a session.
    to: Option<DateTime<Utc>>,
    /// Of a session: its last event.
    last: Option<DateTime<Utc>>,
    values: Values,
}

#[derive(Debug)]
struct NamedRow {
    keys: Vec<(String, String)>,
    from: DateTime<Utc>,
    to: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    values: Values,
}

impl WindowsAnswer {
    /// Returns the number of rows.
    pub(crate) fn row_count(&self) -> u64 {
        self.rows.len() as u64
    }

    pub(super) fn new(
        request: &WindowsRequest,
        counted: Counted,
        own: Currency,
        as_of: Option<DateTime<Utc>>,
        retained_from: Option<DateTime<Utc>>,
    ) -> Self {
        let query = &request.query;
        let currencies = Currencies::of(&counted.sums, own);
        let values = |sums: &Sums, distincts: Distincts| {
            Values::new(&query.metrics, sums, distincts, &currencies)
        };
        let names: Vec<_> = match &request.kind {
            WindowKind::Steps { .. } => {
                query.dimensions.iter().map(|one| one.as_str().to_owned()).collect()
            }
            WindowKind::Sessions(_) => vec!["key".to_owned()],
        };
        let row = |row: WindowRow| NamedRow {
            keys: names.iter().cloned().zip(row.keys).collect(),
            from: row.from,
            to: row.to,
            last: row.last,
            values: values(&row.numbers.sums, row.numbers.distincts),
        };
        let is_of_sessions = matches!(request.kind, WindowKind::Sessions(_));
        Self {
            from: query.range.from(),
            to: query.range.to(),
            tz: query.zone.name(),
            metrics: query.metrics.clone(),
            window: AnsweredWindow::of(&request.kind),
            totals: is_of_sessions.then(|| values(&counted.sums, Distincts::default())),
            rows: counted.rows.into_iter().map(row).collect(),
            names,
            segments: counted.segments,
            windows: counted.windows,
            without_key: counted.without_key,
            currency: own,
            other_currencies: currencies.others.clone(),
            as_of,
            retained_from,
        }
    }
}

impl AnsweredWindow {
    fn of(kind: &WindowKind) -> Self {
        match kind {
            WindowKind::Steps { size, every, .. } => Self {
                kind: if every.is_some() { WindowType::Sliding } else { WindowType::Tumbling },
                size_seconds: Some(size.num_seconds()),
                every_seconds: every.map(|every| every.num_seconds()),
                gap_seconds: None,
                by: None,
            },
            WindowKind::Sessions(window) => Self {
                kind: WindowType::Session,
                size_seconds: None,
                every_seconds: None,
                gap_seconds: Some(window.gap_length.num_seconds()),
                by: Some(window.by),
            },
        }
    }
}

impl Serialize for NamedRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, key) in &self.keys {
            map.serialize_entry(name, key)?;
        }
        map.serialize_entry("from", &self.from)?;
        if let Some(to) = &self.to {
            map.serialize_entry("to", to)?;
        }
        if let Some(last) = &self.last {
            map.serialize_entry("last", last)?;
        }
        map.serialize_entry("values", &self.values)?;
        map.end()
    }
}
