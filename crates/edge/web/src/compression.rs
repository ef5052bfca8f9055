//! Compression of responses with gzip and zstd, by `Accept-Encoding`.
//!
//! The middleware of actix would also compress event streams, whose frames must leave at once, and its
//! feature would let extractors inflate the bodies of requests without a limit.

use actix_http::encoding::Encoder;
use actix_web::{
    HttpMessage, HttpRequest,
    body::{BodySize, BoxBody, EitherBody, MessageBody},
    dev::ServiceResponse,
    http::{
        StatusCode,
        header::{self, AcceptEncoding, ContentEncoding, Encoding, HeaderValue},
    },
};

/// From this size on a body is compressed: below it, little is saved.
const LEAST_BYTES: u64 = 1024;

/// The media types that become smaller. An event stream is none of them, and Parquet is compressed
/// already.
const COMPRESSIBLE: [&str; 8] = [
    "application/json",
    "application/x-ndjson",
    "application/vnd.apache.arrow.file",
    "text/css",
    "text/csv",
    "text/html",
    "text/javascript",
    "text/plain",
];

/// The header by which an encoding is chosen, as `Vary` names it.
const ACCEPT_ENCODING: &str = "accept-encoding";

/// The encodings that a response can have.
const ENCODINGS: [Encoding; 3] = [Encoding::zstd(), Encoding::gzip(), Encoding::identity()];

/// Compresses the body of a response if that makes it smaller and the client accepts it. A large body is
/// compressed piece by piece, beside the thread that answers requests. The tags of this crate are weak,
/// so a body has the same tag in every encoding. A handler that names `Accept-Encoding` in `Vary` has
/// chosen the encoding itself.
pub(crate) fn compress<B: MessageBody + 'static>(
    mut response: ServiceResponse<EitherBody<B, BoxBody>>,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    if response.headers().get_all(header::VARY).any(|vary| vary == ACCEPT_ENCODING) {
        return response;
    }
    if is_compressible(&response) {
        if let Some(encoding) = accepted(response.request()) {
            // This adds `Content-Encoding` and `Vary`.
            return response.map_body(|head, body| {
                EitherBody::right(BoxBody::new(Encoder::response(encoding, head, body)))
            });
        }
    } else if response.status() != StatusCode::NOT_MODIFIED {
        return response;
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static(ACCEPT_ENCODING));
    response
}

fn is_compressible<B: MessageBody>(response: &ServiceResponse<B>) -> bool {
    let is_large = match response.response().body().size() {
        BodySize::None => false,
        BodySize::Sized(bytes) => bytes >= LEAST_BYTES,
        BodySize::Stream => true,
    };
    let media = response.headers().get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
    let media = media.and_then(|media| media.split(';').next()).unwrap_or_default().trim_end();
    is_large
        && response.status() == StatusCode::OK
        && COMPRESSIBLE.contains(&media)
        && !response.headers().contains_key(header::CONTENT_ENCODING)
}

/// Returns the encoding that a client likes most; `None` if it likes none better than the body as it is.
fn accepted(request: &HttpRequest) -> Option<ContentEncoding> {
    let accepted: AcceptEncoding = request.get_header()?;
    match accepted.negotiate(ENCODINGS.iter())? {
        Encoding::Known(ContentEncoding::Identity) | Encoding::Unknown(_) => None,
        Encoding::Known(encoding) => Some(encoding),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{HttpResponse, http::header::ContentType, test::TestRequest};

    use super::*;

    fn request(accept: Option<&str>) -> TestRequest {
        let request = TestRequest::default();
        match accept {
            Some(accept) => request.insert_header((header::ACCEPT_ENCODING, accept)),
            None => request,
        }
    }

    #[test]
    fn the_encoding_is_the_one_that_the_client_likes_most() {
        for (accept, encoding) in [
            (None, None),
            (Some(""), None),
            (Some("gzip"), Some(ContentEncoding::Gzip)),
            (Some("gzip, deflate, br, zstd"), Some(ContentEncoding::Zstd)),
            (Some("gzip;q=0.9, zstd;q=0.8"), Some(ContentEncoding::Gzip)),
            (Some("zstd;q=0, gzip;q=0.1"), Some(ContentEncoding::Gzip)),
            (Some("gzip;q=0"), None),
            (Some("gzip;q=0.5, identity"), None),
            (Some("br, identity;q=0"), None),
            (Some("GZIP"), Some(ContentEncoding::Gzip)),
        ] {
            assert_eq!(accepted(&request(accept).to_http_request()), encoding, "{accept:?}");
        }
    }

    /// Returns the values of `Content-Encoding` and `Vary` of a compressed response.
    fn headers(response: HttpResponse, accept: Option<&str>) -> [Option<String>; 2] {
        let response = ServiceResponse::new(request(accept).to_http_request(), response);
        let compressed = compress(response.map_into_left_body());
        [header::CONTENT_ENCODING, header::VARY].map(|name| {
            let value = compressed.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned())
        })
    }

    fn body(media: &'static str, bytes: usize) -> HttpResponse {
        HttpResponse::Ok().content_type(media).body("a".repeat(bytes))
    }

    fn both(encoding: Option<&str>, vary: Option<&str>) -> [Option<String>; 2] {
        [encoding, vary].map(|value| value.map(str::to_owned))
    }

    #[test]
    fn only_large_bodies_that_become_smaller_are_compressed() {
        let varies = Some("accept-encoding");
        let json = "application/json";
        assert_eq!(headers(body(json, 1024), Some("gzip")), both(Some("gzip"), varies));
        assert_eq!(headers(body(json, 1024), None), both(None, varies));
        assert_eq!(headers(body(json, 1023), Some("gzip")), both(None, None));
        let csv = "text/csv; charset=utf-8; header=present";
        assert_eq!(headers(body(csv, 2048), Some("zstd")), both(Some("zstd"), varies));
        for media in ["text/event-stream", "application/vnd.apache.parquet"] {
            assert_eq!(headers(body(media, 2048), Some("gzip")), both(None, None), "{media}");
        }
        let refused = HttpResponse::BadRequest().content_type(json).body("a".repeat(2048));
        assert_eq!(headers(refused, Some("gzip")), both(None, None));
    }

    #[test]
    fn a_body_whose_encoding_the_handler_chose_is_not_compressed_again() {
        let chosen = HttpResponse::Ok()
            .insert_header((header::VARY, ACCEPT_ENCODING))
            .content_type("text/javascript")
            .body("a".repeat(2048));
        assert_eq!(headers(chosen, Some("gzip")), both(None, Some("accept-encoding")));
    }

    #[test]
    fn an_unchanged_body_has_the_headers_of_the_body_and_none_of_its_encoding() {
        let unchanged = HttpResponse::NotModified().insert_header(ContentType::json()).finish();
        let varies = Some("accept-encoding");
        assert_eq!(headers(unchanged, Some("gzip")), both(None, varies));
    }
}
