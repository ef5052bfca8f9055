use std::{borrow::Cow, error::Error, fmt, time::Duration};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Code, Kind};

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// What would be right.
    pub reason: String,
}

/// A failure on its way to the caller.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    extensions: Map<String, Value>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem whose `detail` tells the caller what happened and what to do.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            extensions: Map::new(),
            retry_after: None,
            source: None,
        }
    }

    /// One field is wrong: `pointer` says which, `reason` what would be right.
    pub fn field(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(Code::InvalidField, "A field of the request is not valid.")
            .with_error(pointer, reason)
    }

    /// Missing, or another tenant's: the answer is the same.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "Nothing is here, or nothing that this credential may see.")
    }

    /// A fault of ours: the caller learns nothing of `source`.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::Internal, "The request could not be completed. Quote the request id to us.")
            .with_source(source)
    }

    /// A part we need is away; the caller should try again after `retry_after`.
    pub fn unavailable(
        retry_after: Duration,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::new(Code::Unavailable, "A part of the service is away. Try again.")
            .with_retry_after(retry_after)
            .with_source(source)
    }

    /// Tells the caller which part is away, such as "The store of live numbers".
    pub fn naming(mut self, part: &str) -> Self {
        self.detail = format!("{part} does not answer. Try again.").into();
        self
    }

    /// Adds what is wrong with one field.
    pub fn with_error(mut self, pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), reason: reason.into() });
        self
    }

    /// Adds a member of its own to the body (RFC 9457, section 3.2). A name that the body has
    /// already is left as it is.
    pub fn with_extension(mut self, name: &str, value: Value) -> Self {
        if !MEMBERS.contains(&name) {
            self.extensions.insert(name.to_owned(), value);
        }
        self
    }

    /// Says when to try again (`Retry-After`, whole seconds, rounded up).
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// Keeps the cause for the log.
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The row of the table.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What sort of failure.
    pub fn kind(&self) -> Kind {
        self.code.kind()
    }

    /// When to try again, in whole seconds.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(|wait| wait.as_secs_f64().ceil().max(1.0) as u64)
    }

    /// The `application/problem+json` body (RFC 9457), naming the request it answers.
    pub fn body(&self, request_id: &str) -> String {
        let body = Body {
            r#type: format!("https://footfall.dev/errors/{}", self.code.as_str()),
            title: self.code.title(),
            status: self.kind().status(),
            code: self.code.as_str(),
            detail: &self.detail,
            errors: &self.errors,
            request_id,
            extensions: &self.extensions,
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

/// The members that every body may have.
const MEMBERS: [&str; 7] = ["type", "title", "status", "code", "detail", "errors", "request_id"];

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    request_id: &'a str,
    #[serde(flatten)]
    extensions: &'a Map<String, Value>,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_stays_out_of_the_body() {
        let problem = Problem::internal("password=hunter2");
        assert!(!problem.body("r1").contains("hunter2"));
        assert_eq!(problem.source().unwrap().to_string(), "password=hunter2");
    }

    #[test]
    fn the_body_names_field_and_request() {
        let body = Problem::field("/from", "must be before /to").body("r1");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["status"], 422);
        assert_eq!(body["code"], "invalid_field");
        assert_eq!(body["errors"][0]["pointer"], "/from");
        assert_eq!(body["request_id"], "r1");
    }

    #[test]
    fn a_part_that_is_away_is_named_without_its_cause() {
        let source = "connection to 10.0.0.7:6379 refused";
        let problem = Problem::unavailable(Duration::from_secs(1), source);
        let body = problem.naming("The store of live numbers").body("r1");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["detail"], "The store of live numbers does not answer. Try again.");
        assert!(!body.to_string().contains("10.0.0.7"));
    }

    #[test]
    fn an_extension_stands_beside_the_members_and_replaces_none() {
        let problem = Problem::not_found()
            .with_extension("outcomes", Value::from(vec![1]))
            .with_extension("status", Value::from(200));
        let body: Value = serde_json::from_str(&problem.body("r1")).unwrap();
        assert_eq!(body["outcomes"][0], 1);
        assert_eq!(body["status"], 404);
    }
}
