//! Which pages of other origins may read an answer (CORS), where an app has a [`CrossOrigin`].
//!
//! A preflight carries no credential, so every origin that some tenant lists gets an answer. An answer
//! itself is readable from the origins of its own tenant; where no tenant is known (a credential
//! that is refused, a public route), from those that some tenant lists. Credentials are never sent
//! along by browsers: `Access-Control-Allow-Credentials` is not used.

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

/// What a browser needs to hear before it sends, once the origin is known.
const PREFLIGHT: [(HeaderName, HeaderValue); 3] = [
    (
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"),
    ),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "authorization, content-type, if-none-match, last-event-id, traceparent, x-request-id",
        ),
    ),
    // As long as an origin that was taken off a list may go on sending.
    (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
];

/// What a page may read of an answer beside its body.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "etag, link, location, ratelimit, ratelimit-policy, retry-after, server-timing, x-request-id",
);

/// Lets pages of the origins that tenants list read answers. App data; cloning is cheap.
#[derive(Clone)]
pub struct CrossOrigin(Arc<dyn OriginDirectory>);

/// The origins that may read the answer of one request.
struct Readers(Arc<[Origin]>);

impl CrossOrigin {
    /// Asks `directory` which origins tenants list.
    pub fn new(directory: Arc<dyn OriginDirectory>) -> Self {
        Self(directory)
    }

    /// Whether some tenant lists `origin`; no, while nobody can tell.
    async fn is_listed(&self, origin: &Origin) -> bool {
        match self.0.listed_origins().await {
            Ok(listed) => listed.contains(origin),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "origins are unknown: no page of another origin may read");
                false
            }
        }
    }
}

/// From now on only pages of these origins may read the answer to `request`.
///
/// [`Tenant`](crate::Tenant) and [`Platform`](crate::Platform) do this; a public route whose answer
/// is a tenant's must.
pub fn readable_from(request: &HttpRequest, origins: Arc<[Origin]>) {
    request.extensions_mut().insert(Readers(origins));
}

/// The answer to a preflight, if it is one.
pub(crate) async fn preflight(request: &ServiceRequest) -> Option<HttpResponse> {
    let cross_origin = request.app_data::<Data<CrossOrigin>>()?.clone();
    let asked = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if request.method() != Method::OPTIONS || !asked {
        return None;
    }
    let origin = origin_of(request.headers())?;
    let mut response = HttpResponse::NoContent();
    if cross_origin.is_listed(&origin).await {
        for header in PREFLIGHT {
            response.insert_header(header);
        }
    }
    Some(response.finish())
}

/// Marks an answer as readable from the origin that asked, if it is.
pub(crate) async fn mark<B>(response: &mut ServiceResponse<B>) {
    let request = response.request();
    let Some(cross_origin) = request.app_data::<Data<CrossOrigin>>().cloned() else {
        return;
    };
    let origin = origin_of(request.headers());
    let sent = request.headers().get(header::ORIGIN).cloned();
    let readers = request.extensions().get::<Readers>().map(|readers| readers.0.clone());
    let may_read = match (&origin, readers) {
        (None, _) => false,
        (Some(origin), Some(readers)) => readers.contains(origin),
        (Some(origin), None) => cross_origin.is_listed(origin).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let (true, Some(sent)) = (may_read, sent) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, sent);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

fn origin_of(headers: &HeaderMap) -> Option<Origin> {
    headers.get(header::ORIGIN)?.to_str().ok()?.parse().ok()
}
