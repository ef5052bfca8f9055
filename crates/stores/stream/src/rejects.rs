use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};

use crate::{LogRecord, Offset, Partition, record::RECEIVED_AT};

const CODE: &str = "code";
const POINTER: &str = "pointer";
const REASON: &str = "reason";
const SENT_AT: &str = "sent_at";
const HISTORY: &str = "history";
const SOURCE_KGEN: &str = "source_kgen";
const SOURCE_PARTITION: &str = "source_partition";
const SOURCE_OFFSET: &str = "source_offset";

/// An event that was refused, kept as it was sent.
///
/// In the log its value is `original`, byte for byte; the rest are headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRecord {
    /// The stable code of the reason.
    pub code: String,
    /// Where in the event: a JSON pointer.
    pub pointer: String,
    /// What would be right.
    pub reason: String,
    /// What was sent.
    pub original: Bytes,
    /// When the collector took it in, to the millisecond.
    pub received_at: DateTime<Utc>,
    /// When its request says it was sent, to the millisecond.
    pub sent_at: Option<DateTime<Utc>>,
    /// Whether its key brings history, whose times are taken as they are.
    pub history: bool,
    /// Where it stands in the log of events, when it was found unfit only there.
    pub source: Option<RejectSource>,
}

/// Where a reject stands in the log of events. One may be published twice, as a crash can come in
/// between: it is the same reject when it has the same source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectSource {
    /// The generation of the log.
    pub kgen: u16,
    /// The partition.
    pub partition: Partition,
    /// The place within the partition.
    pub offset: Offset,
}

impl RejectedRecord {
    /// What a record of the topic of rejects says. A header that is missing or cannot be read says
    /// nothing; the time of receipt is then the log's own.
    pub fn read(record: &LogRecord) -> Self {
        let text = |name| {
            let value = record.headers.get(name).unwrap_or_default();
            String::from_utf8_lossy(value).into_owned()
        };
        let time = |name| text(name).parse().ok();
        let source = || {
            Some(RejectSource {
                kgen: text(SOURCE_KGEN).parse().ok()?,
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

    /// Its headers, besides those of every record.
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
        if let Some(RejectSource { kgen, partition, offset }) = self.source {
            headers.push((SOURCE_KGEN, kgen.to_string()));
            headers.push((SOURCE_PARTITION, partition.to_string()));
            headers.push((SOURCE_OFFSET, offset.to_string()));
        }
        headers
    }
}
