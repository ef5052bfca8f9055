//! CORS: which pages of other origins may read a response, in an app with a [`CrossOrigin`].
//!
//! A preflight carries no credential, so it allows every origin that any tenant lists. The response
//! itself is readable from the origins of its tenant. Where no tenant is known (a refused
//! credential, a public route), it is readable from the origins that any tenant lists. Browsers
//! never add credentials themselves: `Access-Control-Allow-Credentials` is not used.

use std::sync::Arc;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    web::Data,
};
use tenancy::{Origin, OriginDirectory};

/// The headers that allow a preflight of a listed origin.
const PREFLIGHT: [(HeaderName, HeaderValue); 3] = [
    (
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"),
    ),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "authorization, content-type, if-none-match, last-event-id, prefer, traceparent, \
             x-request-id",
        ),
    ),
    // An origin that was removed from a list may still send for this many seconds.
    (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
];

/// The headers of a response that a page may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "content-disposition, etag, link, location, preference-applied, ratelimit, ratelimit-policy, \
     repr-digest, retained-from, retry-after, server-timing, x-request-id",
);

/// Lets pages of the origins that tenants list read responses. App data; cloning is cheap.
#[derive(Clone)]
pub struct CrossOrigin(Arc<dyn OriginDirectory>);

/// The origins that may read the response to one request.
struct Readers(Arc<[Origin]>);

impl CrossOrigin {
    /// Creates one that looks up the listed origins in `directory`.
    pub fn new(directory: Arc<dyn OriginDirectory>) -> Self {
        Self(directory)
    }

    /// Returns whether any tenant lists `origin`; false while the directory is unavailable.
    async fn is_listed(&self, origin: &Origin) -> bool {
        match self.0.listed_origins().await {
            Ok(listed) => listed.contains(origin),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(
                    error,
                    "origins cannot be looked up, cross-origin reads are refused"
                );
                false
            }
        }
    }
}

/// Lets only pages of these origins read the response to `request`.
///
/// [`Tenant`](crate::Tenant) and [`Platform`](crate::Platform) call this; a public route that
/// answers with a tenant's data must call it too.
pub fn readable_from(request: &HttpRequest, origins: &Arc<[Origin]>) {
    // Without the header nobody asks for the readers.
    if request.headers().contains_key(header::ORIGIN) {
        request.extensions_mut().insert(Readers(origins.clone()));
    }
}

/// Answers the request if it is a preflight.
pub(crate) async fn preflight(request: &ServiceRequest) -> Option<HttpResponse> {
    if request.method() != Method::OPTIONS
        || !request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    {
        return None;
    }
    let cross_origin = request.app_data::<Data<CrossOrigin>>()?.clone();
    let origin = origin_of(request.headers())?;
    let mut response = HttpResponse::NoContent();
    if cross_origin.is_listed(&origin).await {
        for header in PREFLIGHT {
            response.insert_header(header);
        }
    }
    Some(response.finish())
}

/// Adds the headers that let the requesting origin read the response, if it may.
pub(crate) async fn allow_origin<B>(response: &mut ServiceResponse<B>) {
    let request = response.request();
    let Some(cross_origin) = request.app_data::<Data<CrossOrigin>>() else {
        return;
    };
    let sent = request.headers().get(header::ORIGIN).cloned();
    let may_read = match &sent {
        Some(_) => may_read(cross_origin, request).await,
        None => false,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let (true, Some(sent)) = (may_read, sent) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, sent);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

async fn may_read(cross_origin: &CrossOrigin, request: &HttpRequest) -> bool {
    let origin = origin_of(request.headers());
    let readers = request.extensions().get::<Readers>().map(|readers| readers.0.clone());
    match (&origin, readers) {
        (None, _) => false,
        (Some(origin), Some(readers)) => readers.contains(origin),
        (Some(origin), None) => cross_origin.is_listed(origin).await,
    }
}

fn origin_of(headers: &HeaderMap) -> Option<Origin> {
    headers.get(header::ORIGIN)?.to_str().ok()?.parse().ok()
}
