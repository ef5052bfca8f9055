use events::{
    Envelope, Event, EventIds, ParseContext, Rejection, RejectionCode, Rejections, parse, sent_id,
};
use tenancy::TenantContext;
use warehouse::RejectedEvent;

/// Reads a reject again with its first time of receipt: as it was sent, or the corrected body instead.
/// It may be of any age: the tenant that resubmits it knows when it happened.
///
/// # Errors
/// Every wrong field, and what would be correct.
pub(super) fn read_again(
    tenant: &TenantContext,
    reject: &RejectedEvent,
    corrected: Option<&[u8]>,
) -> Result<Event, Rejections> {
    let event_id = reject.resubmit_id();
    if let (None, true) = (corrected, reject.set_aside) {
        // The original is a complete event.
        if let Ok(event) = serde_json::from_slice::<Event>(&reject.original) {
            return Ok(Event { event_id, ..event });
        }
    }
    let ids = EventIds::of(tenant.client_id());
    if let Some(other) = corrected.and_then(|corrected| sent_id(corrected, ids))
        && other != event_id
        && Some(other) != reject.event_id
    {
        let rejection = Rejection {
            code: RejectionCode::InvalidValue,
            pointer: "/event_id".to_owned(),
            reason: format!("must be absent or {event_id}: a reject keeps its event id"),
        };
        return Err(rejection.into());
    }
    let context = ParseContext {
        received_at: reject.id.received_at().unwrap_or_default(),
        history: true,
        currency: tenant.currency(),
        ids,
        envelope: Envelope::sent(reject.sent_at),
    };
    let parsed = parse(corrected.unwrap_or(&reject.original), &context)?;
    Ok(Event { event_id, ..parsed.event })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use log::LogPlace;
    use testkit::{tenant_context, tenant_record};
    use uuid::Uuid;
    use warehouse::RejectId;

    use super::*;

    const SENT: Uuid = Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0001);

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    async fn tenant() -> TenantContext {
        tenant_context(tenant_record(&"acme".parse().unwrap())).await
    }

    fn reject(original: &str) -> RejectedEvent {
        let place = LogPlace::new(1, 2, 3);
        RejectedEvent {
            id: RejectId::new(at("2026-03-01T12:00:00Z"), place),
            code: "missing_field".to_owned(),
            pointer: "/type".to_owned(),
            reason: "is needed".to_owned(),
            event_id: sent_id(original.as_bytes(), EventIds::of(&"acme".parse().unwrap())),
            sent_at: None,
            history: false,
            set_aside: false,
            original: original.to_owned().into(),
        }
    }

    #[tokio::test]
    async fn times_are_compared_with_the_first_receipt_and_none_is_too_old() {
        let tenant = tenant().await;
        let future = br#"{"type":"page_view","event_time":"2026-03-02T00:00:00Z"}"#;
        let event = read_again(&tenant, &reject("{}"), Some(future)).unwrap();
        assert_eq!(event.received_at, at("2026-03-01T12:00:00Z"));
        assert_eq!(event.event_time, at("2026-03-01T12:00:00Z"));
        for history in [false, true] {
            let old = br#"{"type":"page_view","event_time":"2020-01-01T00:00:00Z"}"#;
            let reject = RejectedEvent { history, ..reject("{}") };
            let event = read_again(&tenant, &reject, Some(old)).unwrap();
            assert_eq!(event.event_time, at("2020-01-01T00:00:00Z"));
        }

        let ahead = RejectedEvent { sent_at: Some(at("2026-03-01T13:00:00Z")), ..reject("{}") };
        let body = br#"{"type":"page_view","event_time":"2026-03-01T12:59:00Z"}"#;
        let event = read_again(&tenant, &ahead, Some(body)).unwrap();
        assert_eq!(event.event_time, at("2026-03-01T11:59:00Z"), "its clock was an hour ahead");
    }

    #[tokio::test]
    async fn an_event_that_was_too_old_is_accepted_as_it_was_sent() {
        let original = r#"{"type":"page_view","event_time":"2026-01-15T12:00:00Z","messageId":"m-1",
            "$envelope":{"visitor_id":"v1"}}"#;
        let too_old = RejectedEvent { code: "too_old".to_owned(), ..reject(original) };
        let event = read_again(&tenant().await, &too_old, None).unwrap();
        assert_eq!(event.event_time, at("2026-01-15T12:00:00Z"));
        assert_eq!(event.visitor_id.as_deref(), Some("v1"));
        assert_eq!(Some(event.event_id), too_old.event_id);
    }

    #[tokio::test]
    async fn a_reject_keeps_its_event_id() {
        let tenant = tenant().await;
        let sent = reject(&format!(r#"{{"event_id":"{SENT}"}}"#));
        let plain = br#"{"type":"page_view"}"#;
        assert_eq!(read_again(&tenant, &sent, Some(plain)).unwrap().event_id, SENT);
        let nameless = reject("{}");
        let first = read_again(&tenant, &nameless, Some(plain)).unwrap();
        assert_eq!(first.event_id, read_again(&tenant, &nameless, Some(plain)).unwrap().event_id);

        let other = format!(r#"{{"type":"page_view","event_id":"{}"}}"#, Uuid::from_u128(9));
        let refused = read_again(&tenant, &sent, Some(other.as_bytes())).unwrap_err();
        let refused = refused.first();
        assert_eq!(
            (refused.code.as_str(), refused.pointer.as_str()),
            ("invalid_value", "/event_id")
        );
        let same = format!(r#"{{"type":"page_view","event_id":"{SENT}"}}"#);
        assert_eq!(read_again(&tenant, &sent, Some(same.as_bytes())).unwrap().event_id, SENT);
    }

    #[tokio::test]
    async fn an_event_that_the_store_group_refused_gets_another_id() {
        let tenant = tenant().await;
        let body = format!(r#"{{"type":"page_view","event_id":"{SENT}","device":"tv"}}"#);
        let event = read_again(&tenant, &reject("{}"), Some(br#"{"type":"page_view"}"#)).unwrap();
        let canonical = serde_json::to_string(&Event { event_id: SENT, ..event.clone() }).unwrap();
        let set_aside = RejectedEvent { set_aside: true, ..reject(&canonical) };
        let again = read_again(&tenant, &set_aside, None).unwrap();
        assert_ne!(again.event_id, SENT, "the log has it: it would count as a re-send");
        assert_eq!(Event { event_id: event.event_id, ..again.clone() }, event);
        let corrected = read_again(&tenant, &set_aside, Some(body.as_bytes())).unwrap();
        assert_eq!(corrected.event_id, again.event_id);
        assert_eq!(corrected.device.as_deref(), Some("tv"));
    }

    #[tokio::test]
    async fn a_remaining_error_is_named() {
        let refused = read_again(&tenant().await, &reject(r#"{"type":7}"#), None).unwrap_err();
        let refused = refused.first();
        assert_eq!((refused.code.as_str(), refused.pointer.as_str()), ("wrong_type", "/type"));
    }
}
