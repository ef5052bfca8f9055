use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use problem::Problem;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::QueryRequest;

/// Where a page ended, and of which query.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    query: String,
    after: Vec<String>,
}

/// Returns the cursor of the page after the segment with these keys.
pub(super) fn after(keys: &[String], request: &QueryRequest) -> String {
    let cursor = Cursor { query: fingerprint(request), after: keys.to_vec() };
    // Texts always serialise.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

/// Returns the keys of the last segment of the page before.
///
/// # Errors
/// It is not a cursor, or one of another query.
pub(super) fn open(text: &str, request: &QueryRequest) -> Result<Vec<String>, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let cursor: Option<Cursor> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let Some(cursor) = cursor.filter(|cursor| cursor.after.len() == request.dimensions.len())
    else {
        return Err(Problem::field("/cursor", "must be the `next` of an answer to this query"));
    };
    if cursor.query != fingerprint(request) {
        let reason = "belongs to another query: send the query of the first page, unchanged";
        return Err(Problem::field("/cursor", reason));
    }
    Ok(cursor.after)
}

/// Returns a hash of what a query asks for, except which page.
fn fingerprint(request: &QueryRequest) -> String {
    let page = QueryRequest { limit: 0, after: None, explain: false, ..request.clone() };
    let digest: [u8; 32] = Sha256::digest(format!("{page:?}")).into();
    URL_SAFE_NO_PAD.encode(&digest[..12])
}
