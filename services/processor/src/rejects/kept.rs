use events::EventIds;
use stream::{LogRecord, RejectedRecord};
use warehouse::{LogPlace, RejectId, RejectedEvent};

/// A reject as its tenant's table has it, with where it stands: always the same for the same
/// reject, so that it may be written any number of times.
///
/// What a sink set aside goes by its place in the log of events. A crash may have published it
/// twice.
pub(super) fn kept(kgen: u16, ids: EventIds, record: &LogRecord) -> (LogPlace, RejectedEvent) {
    let read = RejectedRecord::read(record);
    let place = match read.source {
        Some(source) => {
            LogPlace { kgen: source.kgen, partition: source.partition, offset: source.offset }
        }
        None => LogPlace { kgen, partition: record.partition, offset: record.offset },
    };
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

    fn kept(kgen: u16, record: &LogRecord) -> (LogPlace, RejectedEvent) {
        super::kept(kgen, EventIds::of(&"acme".parse().unwrap()), record)
    }

    const ID: &str = "018f0000-0000-7000-8000-000000000001";

    fn record(offset: u64, more: &[(&str, &str)]) -> LogRecord {
        let headers = [("code", "invalid_value"), ("received_at", "2026-03-01T12:00:00.123Z")];
        let headers = headers.iter().chain(more);
        LogRecord {
            partition: 1,
            offset,
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
        assert_eq!(kept(3, &record(41, &[])), kept(3, &record(41, &[])));
        let (place, reject) = kept(3, &record(41, &[]));
        assert_eq!(place, LogPlace { kgen: 3, partition: 1, offset: 41 });
        assert_eq!(reject.id.received_at(), "2026-03-01T12:00:00.123Z".parse().ok());
        assert_eq!(reject.event_id, ID.parse().ok());
        assert_ne!(reject.id, kept(3, &record(42, &[])).1.id);
        assert_ne!(reject.id, kept(4, &record(41, &[])).1.id);
    }

    #[test]
    fn what_was_set_aside_and_published_twice_is_one_reject() {
        let source = [("source_kgen", "2"), ("source_partition", "5"), ("source_offset", "77")];
        let (first, second) = (kept(3, &record(41, &source)), kept(3, &record(42, &source)));
        assert_eq!(first, second);
        assert_eq!(first.0, LogPlace { kgen: 2, partition: 5, offset: 77 });
        assert!(first.1.set_aside);
    }

    #[test]
    fn what_was_refused_keeps_its_id_and_what_was_set_aside_gets_another() {
        let (_, refused) = kept(3, &record(41, &[]));
        assert_eq!(refused.replay_id(), ID.parse::<Uuid>().unwrap());
        let source = [("source_kgen", "2"), ("source_partition", "5"), ("source_offset", "77")];
        let (_, set_aside) = kept(3, &record(41, &source));
        assert_ne!(set_aside.replay_id(), ID.parse::<Uuid>().unwrap());
        assert_eq!(set_aside.replay_id(), kept(3, &record(42, &source)).1.replay_id());
    }
}
