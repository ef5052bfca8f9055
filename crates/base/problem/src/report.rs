use std::{borrow::Cow, error::Error, fmt, time::Duration};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Code, Kind};

/// An error in one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field: a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// What would be correct.
    pub reason: String,
}

/// A failure to report to the caller.
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
    /// Creates a problem. `detail` explains to the caller what happened and what to do.
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

    /// Creates a problem about the field at `pointer`; `reason` states what would be correct.
    pub fn field(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(Code::InvalidField, "A field of the request is not valid.")
            .with_error(pointer, reason)
    }

    /// Creates the problem of a resource that is missing or another tenant's: both look the same.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "The resource does not exist, or this credential may not see it.")
    }

    /// Creates the problem of an internal error. The caller learns nothing of `source`.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            Code::Internal,
            "The request could not be completed. Report the request id to support.",
        )
        .with_source(source)
    }

    /// Creates the problem of an unavailable dependency: the caller should retry after
    /// `retry_after`.
    pub fn unavailable(
        retry_after: Duration,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::new(Code::Unavailable, "A part of the service is unavailable. Try again.")
            .with_retry_after(retry_after)
            .with_source(source)
    }

    /// Names the unavailable part to the caller, such as "The store of live numbers".
    pub fn naming(mut self, part: &str) -> Self {
        self.detail = format!("{part} does not answer. Try again.").into();
        self
    }

    /// Adds an error in one field.
    pub fn with_error(mut self, pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), reason: reason.into() });
        self
    }

    /// Moves every error below `pointer`, which is where the faulty request is in another one's body.
    /// A parameter becomes a field.
    pub fn below(mut self, pointer: &str) -> Self {
        for error in &mut self.errors {
            error.pointer = match error.pointer.strip_prefix('?') {
                Some(parameter) => format!("{pointer}/{parameter}"),
                None => format!("{pointer}{}", error.pointer),
            };
        }
        self
    }

    /// Adds an extension member to the body (RFC 9457, section 3.2). A standard member is never
    /// replaced.
    pub fn with_extension(mut self, name: &str, value: Value) -> Self {
        if !MEMBERS.contains(&name) {
            self.extensions.insert(name.to_owned(), value);
        }
        self
    }

    /// Sets when to retry (`Retry-After`, whole seconds, rounded up).
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// Sets the cause, which appears in the log only.
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns the same problem for another caller who waited for the same thing. The cause stays
    /// with this one, so that it is logged once.
    pub fn repeated(&self) -> Self {
        Self {
            code: self.code,
            detail: self.detail.clone(),
            errors: self.errors.clone(),
            extensions: self.extensions.clone(),
            retry_after: self.retry_after,
            source: None,
        }
    }

    /// Returns the code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Returns what happened and what to do, for the caller.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the kind of failure.
    pub fn kind(&self) -> Kind {
        self.code.kind()
    }

    /// Returns when to retry, in whole seconds.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(|wait| wait.as_secs_f64().ceil().max(1.0) as u64)
    }

    /// Returns the `application/problem+json` body (RFC 9457) with the id of its request.
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

/// The standard members of a body.
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
    fn an_unavailable_part_is_named_without_its_cause() {
        let source = "connection to 10.0.0.7:6379 refused";
        let problem = Problem::unavailable(Duration::from_secs(1), source);
        let body = problem.naming("The store of live numbers").body("r1");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["detail"], "The store of live numbers does not answer. Try again.");
        assert!(!body.to_string().contains("10.0.0.7"));
    }

    #[test]
    fn errors_of_a_request_within_another_are_below_its_pointer() {
        let problem = Problem::field("/time/from", "is no date")
            .with_error("?gap", "is no length of time")
            .with_error("", "is no object");
        let body: Value = serde_json::from_str(&problem.below("/request").body("r1")).unwrap();
        let pointers = [0, 1, 2].map(|index| body["errors"][index]["pointer"].clone());
        assert_eq!(pointers, ["/request/time/from", "/request/gap", "/request"]);
    }

    #[test]
    fn an_extension_is_added_and_replaces_no_standard_member() {
        let problem = Problem::not_found()
            .with_extension("outcomes", Value::from(vec![1]))
            .with_extension("status", Value::from(200));
        let body: Value = serde_json::from_str(&problem.body("r1")).unwrap();
        assert_eq!(body["outcomes"][0], 1);
        assert_eq!(body["status"], 404);
    }
}
