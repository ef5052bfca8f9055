//! HEAD wherever GET is: the handler of GET answers, and the server sends only the headers.

use actix_web::{
    HttpMessage, HttpRequest,
    dev::ServiceRequest,
    http::{Method, header::HeaderValue},
};

/// Marks a request that came as HEAD.
struct Head;

/// Returns whether only the headers of the response are sent. Handlers whose body is expensive or
/// endless check this.
pub fn is_head(request: &HttpRequest) -> bool {
    request.extensions().get::<Head>().is_some()
}

/// Turns HEAD into GET, so that routes match. The server still knows that it was HEAD and sends
/// no body.
pub(crate) fn as_get(mut request: ServiceRequest) -> ServiceRequest {
    if request.method() == Method::HEAD {
        request.extensions_mut().insert(Head);
        request.head_mut().method = Method::GET;
    }
    request
}

/// Adds HEAD to the methods of `Allow` if they contain GET.
pub(crate) fn allowed(listed: &HeaderValue) -> HeaderValue {
    let listed_text = listed.to_str().unwrap_or_default();
    let methods: Vec<_> = listed_text.split(',').map(str::trim).collect();
    if !methods.contains(&"GET") || methods.contains(&"HEAD") {
        return listed.clone();
    }
    let with_head = listed_text.replace("GET", "GET, HEAD");
    HeaderValue::try_from(with_head).unwrap_or_else(|_| listed.clone())
}
