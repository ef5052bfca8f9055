use actix_web::{HttpResponse, http::header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::schemas;

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 500;

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many items at most: 1 to 500, 50 when absent.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    #[param(value_type = Option<schemas::Cursor>)]
    cursor: Option<String>,
}

/// A requested page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// The most items.
    pub(crate) limit: u16,
    /// The key of the last item of the previous page.
    pub(crate) after: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listing<T> {
    /// The items, in the order of the list.
    pub(crate) data: Vec<T>,
    /// Where the next page begins; `null` on the last page.
    #[schema(value_type = Option<schemas::Cursor>)]
    pub(crate) next_cursor: Option<String>,
}

impl PageQuery {
    /// Creates the query of a list that has further parameters.
    pub(crate) fn new(limit: Option<String>, cursor: Option<String>) -> Self {
        Self { limit, cursor }
    }

    pub(crate) fn parse(self) -> Result<Page, Problem> {
        let limit = match self.limit.as_deref().map(str::parse) {
            None => DEFAULT_LIMIT,
            Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
            Some(_) => {
                return Err(Problem::field("?limit", format!("must be 1 to {MAX_LIMIT}")));
            }
        };
        let after = self.cursor.map(|cursor| opened(&cursor)).transpose()?;
        Ok(Page { limit, after })
    }
}

impl Page {
    /// Returns how many items to fetch: one more than requested shows whether there is a next page.
    pub(crate) fn fetch(&self) -> u16 {
        self.limit + 1
    }

    /// Returns the answer, with a `Link` to the next page if there is one. `path` has the parameters
    /// that the next page needs as well; `key` is what its cursor contains.
    pub(crate) fn answer<T: Serialize>(
        &self,
        path: &str,
        mut items: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> HttpResponse {
        let more = items.len() > usize::from(self.limit);
        items.truncate(usize::from(self.limit));
        let last = items.last().filter(|_| more).map(key);
        self.answer_with(path, items, last.as_deref())
    }

    /// Returns the answer with these items. `last` is the key of the last one, if there are more.
    pub(crate) fn answer_with<T: Serialize>(
        &self,
        path: &str,
        items: Vec<T>,
        last: Option<&str>,
    ) -> HttpResponse {
        let next_cursor = last.map(cursor);
        let mut response = HttpResponse::Ok();
        if let Some(cursor) = &next_cursor {
            let begin = if path.contains('?') { '&' } else { '?' };
            let limit = self.limit;
            let link = format!(r#"<{path}{begin}limit={limit}&cursor={cursor}>; rel="next""#);
            response.insert_header((header::LINK, link));
        }
        response.json(Listing { data: items, next_cursor })
    }
}

/// Returns the cursor of the page after the item with this key.
pub(crate) fn cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

fn opened(cursor: &str) -> Result<String, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let key = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let key = key.filter(|key| !key.contains(char::is_control));
    key.ok_or_else(|| Problem::field("?cursor", "must be a next_cursor of an earlier answer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(limit: Option<&str>, cursor: Option<&str>) -> Result<Page, Problem> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        PageQuery { limit: owned(limit), cursor: owned(cursor) }.parse()
    }

    #[test]
    fn a_page_links_to_the_next_until_the_last() {
        let first = page(Some("2"), None).unwrap();
        let items = || vec!["a".to_owned(), "b".into(), "c".into()];
        let answer = first.answer("/v1/x", items(), String::clone);
        let link = answer.headers().get(header::LINK).unwrap().to_str().unwrap();
        assert_eq!(link, r#"</v1/x?limit=2&cursor=Yg>; rel="next""#);
        let answer = first.answer("/v1/x?of=y", items(), String::clone);
        let link = answer.headers().get(header::LINK).unwrap().to_str().unwrap();
        assert_eq!(link, r#"</v1/x?of=y&limit=2&cursor=Yg>; rel="next""#);
        let second = page(Some("2"), Some("Yg")).unwrap();
        assert_eq!(second.after.as_deref(), Some("b"));
        let answer = second.answer("/v1/x", vec!["c".to_owned()], String::clone);
        assert!(!answer.headers().contains_key(header::LINK));
    }

    #[test]
    fn wrong_limits_and_cursors_are_named() {
        for (limit, cursor, pointer) in [
            (Some("0"), None, "?limit"),
            (Some("501"), None, "?limit"),
            (Some("many"), None, "?limit"),
            (Some("-1"), None, "?limit"),
            (None, Some("not base64!"), "?cursor"),
            (None, Some("_w"), "?cursor"),
            // U+0000, which no id has and PostgreSQL does not accept.
            (None, Some("AA"), "?cursor"),
        ] {
            let problem = page(limit, cursor).unwrap_err();
            assert!(problem.body("r").contains(pointer), "{limit:?} {cursor:?}");
        }
    }
}
