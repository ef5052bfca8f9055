use std::{collections::BTreeMap, str::from_utf8};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde::Serialize;
use tenancy::TenantContext;
use utoipa::ToSchema;
use uuid::Uuid;
use warehouse::{RejectId, RejectKey, RejectedEvent};

use super::{Rejects, RejectsRequest};
use crate::{failure::Failure, pagination::cursor};

/// The most bytes of the originals of a page together; the first is shown whatever its size.
const PAGE_BYTES: u64 = 4 << 20;

/// A refused event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reject {
    /// Its id, to resubmit it by.
    #[schema(value_type = Uuid)]
    id: RejectId,
    /// The stable name of the error.
    #[schema(example = "missing_field")]
    code: String,
    /// The place in the event: a JSON pointer (RFC 6901), empty for the event itself.
    #[schema(example = "/campaign_id")]
    pointer: String,
    /// What would be correct.
    reason: String,
    /// When it was received.
    received_at: DateTime<Utc>,
    /// The event id it was sent with, if it could be read.
    event_id: Option<Uuid>,
    /// The event as it was sent, with the fields of its envelope as `$envelope`: as text, or in
    /// base64 if it is not UTF-8.
    original: String,
    /// The encoding of `original`.
    original_encoding: Encoding,
    /// When it was resubmitted.
    resubmitted_at: Option<DateTime<Utc>>,
    /// The former name of `resubmitted_at`.
    #[schema(deprecated)]
    replayed_at: Option<DateTime<Utc>>,
}

/// The encoding of bytes in JSON.
#[derive(Debug, Serialize, ToSchema)]
enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "base64")]
    Base64,
}

/// A page of rejects.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectListing {
    /// The rejects, newest first.
    data: Vec<Reject>,
    /// The number of rejects per code, on all pages together.
    counts: BTreeMap<String, u64>,
    /// Where the next page begins; `null` on the last page.
    pub(crate) next_cursor: Option<String>,
}

impl RejectListing {
    /// Returns the `Link` to the next page, if there is one.
    pub(crate) fn link(&self, request: &RejectsRequest) -> Option<String> {
        let cursor = self.next_cursor.as_ref()?;
        let limit = request.page.limit;
        let parameters = &request.parameters;
        Some(format!(r#"</v1/rejects?limit={limit}&cursor={cursor}{parameters}>; rel="next""#))
    }
}

impl Rejects {
    /// Returns a page of the tenant's rejects, and the counts of all that match the filter.
    pub(crate) async fn list(
        &self,
        tenant: &TenantContext,
        request: &RejectsRequest,
    ) -> Result<RejectListing, Failure> {
        let warehouse = self.warehouse.for_tenant(tenant);
        let fetch = request.page.fetch();
        // Counted first: every counted reject can be listed.
        let counts = warehouse.reject_counts(&request.filter).await?;
        let keys = warehouse.reject_page(&request.filter, request.before, fetch).await?;
        let shown = cut(&keys, request.page.limit);
        let last = shown.last().filter(|_| shown.len() < keys.len());
        let next_cursor = last.map(|key| cursor(&key.id.to_string()));

        let mut rejects = warehouse.rejects(shown.iter().map(|key| key.id), u64::MAX >> 1).await?;
        let ids: Vec<_> = rejects.values().map(RejectedEvent::resubmit_id).collect();
        let resubmissions = self.control_plane.for_tenant(tenant).resubmissions(&ids).await?;
        let resubmitted: BTreeMap<_, _> =
            resubmissions.into_iter().map(|known| (known.event_id, known.resubmitted_at)).collect();
        let shown = shown.iter().filter_map(|key| rejects.remove(&key.id));
        let data = shown.map(|reject| {
            let resubmitted_at = resubmitted.get(&reject.resubmit_id()).copied().flatten();
            Reject::new(reject, resubmitted_at)
        });
        Ok(RejectListing { data: data.collect(), counts, next_cursor })
    }
}

impl Reject {
    fn new(reject: RejectedEvent, resubmitted_at: Option<DateTime<Utc>>) -> Self {
        let (original, original_encoding) = match from_utf8(&reject.original) {
            Ok(text) => (text.to_owned(), Encoding::Utf8),
            Err(_) => (STANDARD.encode(&reject.original), Encoding::Base64),
        };
        Self {
            id: reject.id,
            code: reject.code,
            pointer: reject.pointer,
            reason: reject.reason,
            received_at: reject.id.received_at().unwrap_or_default(),
            event_id: reject.event_id,
            original,
            original_encoding,
            resubmitted_at,
            replayed_at: resubmitted_at,
        }
    }
}

/// Returns as many keys as fit on a page.
fn cut(keys: &[RejectKey], limit: u16) -> &[RejectKey] {
    let mut bytes = 0;
    let fits = |key: &&RejectKey| {
        let is_first = bytes == 0;
        bytes += key.bytes.max(1);
        is_first || bytes <= PAGE_BYTES
    };
    let count = keys.iter().take(limit.into()).take_while(fits).count();
    keys.get(..count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use log::LogPlace;

    use super::*;

    fn key(bytes: u64) -> RejectKey {
        let place = LogPlace::new(1, 0, bytes);
        RejectKey { id: RejectId::new(Utc::now(), place), bytes }
    }

    #[test]
    fn a_page_ends_at_its_limit_or_at_its_size_and_has_at_least_one_reject() {
        let count = |bytes: &[u64], limit| {
            let keys: Vec<_> = bytes.iter().copied().map(key).collect();
            cut(&keys, limit).len()
        };
        assert_eq!(count(&[], 2), 0);
        assert_eq!(count(&[10, 0, 30], 2), 2);
        assert_eq!(count(&[PAGE_BYTES + 1, 1], 50), 1);
        assert_eq!(count(&[1, PAGE_BYTES, 1], 50), 1);
        assert_eq!(count(&[1, PAGE_BYTES - 1, 1], 50), 2);
        assert_eq!(count(&[0, PAGE_BYTES, 1], 50), 1);
    }
}
