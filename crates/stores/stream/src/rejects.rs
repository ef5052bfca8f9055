use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use log::LogPlace;

use crate::{LogRecord, record::RECEIVED_AT};

const CODE: &str = "code";
const POINTER: &str = "pointer";
const REASON: &str = "reason";
const SENT_AT: &str = "sent_at";
const HISTORY: &str = "history";
const SOURCE_GENERATION: &str = "source_kgen";
const SOURCE_PARTITION: &str = "source_partition";
const SOURCE_OFFSET: &str = "source_offset";

/// A refused event, as it was sent.
///
/// The record's value is `original`, byte for byte; the other fields are headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRecord {
    /// The stable code of the reason.
    pub code: String,
    /// The JSON pointer to the wrong part of the event.
    pub pointer: String,
    /// The rule that the event breaks.
    pub reason: String,
    /// The bytes that were sent.
    pub original: Bytes,
    /// When the collector received it, to the millisecond.
    pub received_at: DateTime<Utc>,
    /// When its sender sent it, according to the request, to the millisecond.
    pub sent_at: Option<DateTime<Utc>>,
    /// Whether its API key imports history, whose times are accepted as they are.
    pub history: bool,
    /// Its place in the log of events, if it was accepted there before it was rejected. A crash can
    /// publish a reject twice: two with the same source are the same reject.
    pub source: Option<LogPlace>,
}

impl RejectedRecord {
    /// Reads a record of the topic of rejects. A header that is missing or unreadable leaves its
    /// field empty; the time of receipt is then the log time.
    pub fn read(record: &LogRecord) -> Self {
        let text = |name| {
            let value = record.headers.get(name).unwrap_or_default();
            String::from_utf8_lossy(value).into_owned()
        };
        let time = |name| text(name).parse().ok();
        let source = || {
            Some(LogPlace {
                generation: text(SOURCE_GENERATION).parse().ok()?,
                partition: text(SOURCE_PARTITION).parse().ok()?,
                offset: text(SOURCE_OFFSET).parse().ok()?,
            })
        };
        Self {
            code: text(CODE),
            pointer: text(POINTER),
            reason: text(REASON),
            original: record.payload.clone().unwrap_or_default(),
            received_at: time(RECEIVED_AT).unwrap_or(record.log_time),
            sent_at: time(SENT_AT),
            history: record.headers.get(HISTORY).is_some(),
            source: source(),
        }
    }

    /// Returns its own headers, without those of every record.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            (CODE, self.code.clone()),
            (POINTER, self.pointer.clone()),
            (REASON, self.reason.clone()),
        ];
        if let Some(sent_at) = self.sent_at {
            headers.push((SENT_AT, sent_at.to_rfc3339_opts(SecondsFormat::Millis, true)));
        }
        if self.history {
            headers.push((HISTORY, "1".to_owned()));
        }
        if let Some(LogPlace { generation, partition, offset }) = self.source {
            headers.push((SOURCE_GENERATION, generation.to_string()));
            headers.push((SOURCE_PARTITION, partition.to_string()));
            headers.push((SOURCE_OFFSET, offset.to_string()));
        }
        headers
    }
}
