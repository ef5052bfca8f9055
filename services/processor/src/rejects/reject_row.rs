use events::EventIds;
use log::{Generation, LogPlace};
use stream::{LogRecord, RejectedRecord};
use warehouse::{RejectId, RejectedEvent};

/// A reject as its tenant's table holds it, with its place in the log. The same reject always has the
/// same row, so it may be written any number of times.
///
/// A record that a group refused is known by its place in the log of events: a crash may have
/// published the reject twice.
pub(super) fn reject_row(
    generation: Generation,
    ids: EventIds,
    record: &LogRecord,
) -> (LogPlace, RejectedEvent) {
    let read = RejectedRecord::read(record);
    let LogRecord { partition, offset, .. } = *record;
    let place = read.source.unwrap_or(LogPlace { generation, partition, offset });
    let reject = RejectedEvent {
        id: RejectId::new(read.received_at, place),
        code: read.code,
        pointer: read.pointer,
        reason: read.reason,
        event_id: events::sent_id(&read.original, ids),
        sent_at: read.sent_at,
        history: read.history,
        set_aside: read.source.is_some(),
        original: read.original,
    };
    (place, reject)
}

#[cfg(test)]
mod tests {
    use stream::Headers;
    use uuid::Uuid;

    use super::*;

    fn row(generation: u16, record: &LogRecord) -> (LogPlace, RejectedEvent) {
        super::reject_row(generation.into(), EventIds::of(&"acme".parse().unwrap()), record)
    }

    const ID: &str = "018f0000-0000-7000-8000-000000000001";

    fn record(offset: u64, more: &[(&str, &str)]) -> LogRecord {
        let headers = [("code", "invalid_value"), ("received_at", "2026-03-01T12:00:00.123Z")];
        let headers = headers.iter().chain(more);
        LogRecord {
            partition: 1.into(),
            offset: offset.into(),
            log_time: "2026-03-01T12:00:07Z".parse().unwrap(),
            key: Some("acme".into()),
            headers: Headers::from_iter(
                headers.map(|(name, value)| (*name, Some(value.as_bytes()))),
            ),
            payload: Some(format!(r#"{{"event_id":"{ID}","cost":"a lot"}}"#).into()),
        }
    }

    #[test]
    fn a_reject_read_twice_is_the_same() {
        assert_eq!(row(3, &record(41, &[])), row(3, &record(41, &[])));
        let (place, reject) = row(3, &record(41, &[]));
        assert_eq!(place, LogPlace::new(3, 1, 41));
        assert_eq!(reject.id.received_at(), "2026-03-01T12:00:00.123Z".parse().ok());
        assert_eq!(reject.event_id, ID.parse().ok());
        assert_ne!(reject.id, row(3, &record(42, &[])).1.id);
        assert_ne!(reject.id, row(4, &record(41, &[])).1.id);
    }

    #[test]
    fn a_refused_record_published_twice_is_one_reject() {
        let source = [("source_kgen", "2"), ("source_partition", "5"), ("source_offset", "77")];
        let first = row(3, &record(41, &source));
        let second = row(3, &record(42, &source));
        assert_eq!(first, second);
        assert_eq!(first.0, LogPlace::new(2, 5, 77));
        assert!(first.1.set_aside);
    }

    #[test]
    fn a_refused_event_keeps_its_id_and_a_refused_record_gets_another() {
        let (_, refused) = row(3, &record(41, &[]));
        assert_eq!(refused.resubmit_id(), ID.parse::<Uuid>().unwrap());
        let source = [("source_kgen", "2"), ("source_partition", "5"), ("source_offset", "77")];
        let (_, set_aside) = row(3, &record(41, &source));
        assert_ne!(set_aside.resubmit_id(), ID.parse::<Uuid>().unwrap());
        assert_eq!(set_aside.resubmit_id(), row(3, &record(42, &source)).1.resubmit_id());
    }
}
