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

/// What the originals of a page may hold together, in bytes; the first is shown whatever it holds.
const PAGE_BYTES: u64 = 4 << 20;

/// An event that was refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reject {
    /// Its id, to replay it by.
    #[schema(value_type = Uuid)]
    id: RejectId,
    /// A stable name for what is wrong.
    #[schema(example = "missing_field")]
    code: String,
    /// Where in the event: a JSON pointer (RFC 6901), empty for the event itself.
    #[schema(example = "/campaign_id")]
    pointer: String,
    /// What would be right.
    reason: String,
    /// When it was received.
    received_at: DateTime<Utc>,
    /// The event id it was sent with, if that could be read.
    event_id: Option<Uuid>,
    /// What was sent, with what stood beside it in its envelope as `$envelope`: as text, or in base64
    /// where it is not UTF-8.
    original: String,
    /// How `original` is to be read.
    original_encoding: Encoding,
    /// When it was put into the log after all.
    replayed_at: Option<DateTime<Utc>>,
}

/// How bytes are shown.
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
    /// How many there are by code, on all pages together.
    counts: BTreeMap<String, u64>,
    /// Where the next page begins; `null` on the last.
    pub(crate) next_cursor: Option<String>,
}

impl RejectListing {
    /// The `Link` to the next page, if there is one.
    pub(crate) fn link(&self, request: &RejectsRequest) -> Option<String> {
        let cursor = self.next_cursor.as_ref()?;
        let (limit, parameters) = (request.page.limit, &request.parameters);
        Some(format!(r#"</v1/rejects?limit={limit}&cursor={cursor}{parameters}>; rel="next""#))
    }
}

impl Rejects {
    /// A page of the tenant's rejects, and the counts of all that the filter admits.
    pub(crate) async fn list(
        &self,
        tenant: &TenantContext,
        request: &RejectsRequest,
    ) -> Result<RejectListing, Failure> {
        let warehouse = self.warehouse.for_tenant(tenant);
        let fetch = request.page.fetch();
        // Counted first: whatever is counted is there to be listed.
        let counts = warehouse.reject_counts(&request.filter).await?;
        let keys = warehouse.reject_page(&request.filter, request.before, fetch).await?;
        let shown = cut(&keys, request.page.limit);
        let last = shown.last().filter(|_| shown.len() < keys.len());
        let next_cursor = last.map(|key| cursor(&key.id.to_string()));

        let mut rejects = warehouse.rejects(shown.iter().map(|key| key.id), u64::MAX >> 1).await?;
        let ids: Vec<_> = rejects.values().map(RejectedEvent::replay_id).collect();
        let replays = self.control_plane.for_tenant(tenant).replays(&ids).await?;
        let replayed: BTreeMap<_, _> =
            replays.into_iter().map(|replay| (replay.event_id, replay.replayed_at)).collect();
        let shown = shown.iter().filter_map(|key| rejects.remove(&key.id));
        let data = shown.map(|reject| {
            let replayed_at = replayed.get(&reject.replay_id()).copied().flatten();
            Reject::new(reject, replayed_at)
        });
        Ok(RejectListing { data: data.collect(), counts, next_cursor })
    }
}

impl Reject {
    fn new(reject: RejectedEvent, replayed_at: Option<DateTime<Utc>>) -> Self {
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
            replayed_at,
        }
    }
}

/// As many as a page may hold.
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
    use warehouse::LogPlace;

    use super::*;

    fn key(bytes: u64) -> RejectKey {
        let place = LogPlace { kgen: 1, partition: 0, offset: bytes };
        RejectKey { id: RejectId::new(Utc::now(), place), bytes }
    }

    #[test]
    fn a_page_ends_at_its_limit_or_when_it_is_heavy_and_holds_one_at_least() {
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
