use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use problem::Problem;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    QueryRequest,
    segments::{Numbers, Segment},
};
use crate::reports::{Currencies, Values};

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct PageEnd {
    /// The keys of its last segment.
    pub(super) after: Vec<String>,
    /// A hash of the numbers of all pages, if the first page was about a finished time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) numbers: Option<String>,
}

/// Where a page ended, and of which query.
#[derive(Serialize, Deserialize)]
struct Cursor {
    query: String,
    #[serde(flatten)]
    end: PageEnd,
}

/// Returns the cursor of the page after this end.
pub(super) fn after(end: PageEnd, request: &QueryRequest) -> String {
    let cursor = Cursor { query: fingerprint(request), end };
    // Texts always serialise.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

/// Returns the end of the page before.
///
/// # Errors
/// It is not a cursor, or one of another query.
pub(super) fn open(text: &str, request: &QueryRequest) -> Result<PageEnd, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let cursor: Option<Cursor> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let Some(cursor) = cursor.filter(|cursor| cursor.end.after.len() == request.dimensions.len())
    else {
        return Err(Problem::field("/cursor", "must be the `next` of an answer to this query"));
    };
    if cursor.query != fingerprint(request) {
        let reason = "belongs to another query: send the query of the first page, unchanged";
        return Err(Problem::field("/cursor", reason));
    }
    Ok(cursor.end)
}

/// Returns a hash of the segments of all pages: their order, and their values in the whole range.
///
/// # Errors
/// None is known: keys are strings.
pub(super) fn numbers(
    segments: &[Segment],
    request: &QueryRequest,
    currencies: &Currencies,
) -> Result<String, Problem> {
    let values = |numbers: &Numbers| {
        Values::new(&request.metrics, &numbers.sums, numbers.distincts, currencies)
    };
    let mut digest = Sha256::new();
    for segment in segments {
        let shown = (&segment.keys, values(&segment.current), values(&segment.previous));
        digest.update(serde_json::to_vec(&shown).map_err(Problem::internal)?);
    }
    Ok(short(digest.finalize().into()))
}

/// Returns a hash of what a query asks for, except which page.
fn fingerprint(request: &QueryRequest) -> String {
    let page = QueryRequest { limit: 0, after: None, explain: false, ..request.clone() };
    short(Sha256::digest(format!("{page:?}")).into())
}

fn short(digest: [u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(&digest[..12])
}
