//! The files of the console, which are in this binary.

use std::borrow::Cow;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::header::{self, AcceptEncoding, ContentEncoding, Encoding, HeaderName, HeaderValue},
};
use problem::Problem;
use rust_embed::{Embed, EmbeddedFile};
use web::EntityTag;

/// What `make web` built. The compiler watches the files that it embeds. A changed asset has another name,
/// which changes `index.html`.
#[derive(Embed)]
#[folder = "../../web/dist"]
struct Files;

/// The page of every screen.
const INDEX: &str = "index.html";
/// The folder of the files whose names contain a hash of their contents.
const ASSETS: &str = "assets/";

/// Beside a text are its compressed forms, with these names: made once, with more effort than a server makes.
const BROTLI: &str = ".br";
const GZIP: &str = ".gz";

const ENCODINGS: [Encoding; 3] = [Encoding::brotli(), Encoding::gzip(), Encoding::identity()];

/// The page loads its own files only, and speaks to this api only. Nothing is inline, and no text becomes
/// HTML or script (Trusted Types).
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'",
);

const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (
        header::PERMISSIONS_POLICY,
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
    (header::CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (header::VARY, HeaderValue::from_static("accept-encoding")),
];

/// A name under a hash never has other contents.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A new release is seen with the next page.
const CHECKED: HeaderValue = HeaderValue::from_static("no-cache");

/// Answers with the file at `path`. Every path outside of the assets is a screen, which the page shows.
///
/// # Errors
/// `not_found` for an asset of another release.
pub(crate) fn answer(request: &HttpRequest, path: &str) -> Result<HttpResponse, Problem> {
    let is_asset = path.starts_with(ASSETS);
    let (path, file) = match find(path) {
        Some(file) => (path, file),
        None if is_asset => return Err(Problem::not_found()),
        None => (INDEX, find(INDEX).ok_or_else(|| Problem::internal("there is no console"))?),
    };
    let tag = EntityTag::of(&file.metadata.sha256_hash());
    let mut response = match tag.is_known_to(request) {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    for header in HEADERS {
        response.insert_header(header);
    }
    response
        .insert_header((header::CACHE_CONTROL, if is_asset { IMMUTABLE } else { CHECKED }))
        .insert_header((header::ETAG, tag.header()));
    if tag.is_known_to(request) {
        return Ok(response.finish());
    }
    response.content_type(media_type(path));
    let (file, encoding) = encoded(request, path, file);
    if let Some(encoding) = encoding {
        response.insert_header((header::CONTENT_ENCODING, encoding));
    }
    Ok(match file.data {
        Cow::Borrowed(bytes) => response.body(bytes),
        Cow::Owned(bytes) => response.body(bytes),
    })
}

/// Returns a file as it is. Its compressed forms have no path of their own.
fn find(path: &str) -> Option<EmbeddedFile> {
    let is_form = path.ends_with(BROTLI) || path.ends_with(GZIP);
    if is_form { None } else { Files::get(path) }
}

/// Returns the form of a file that the client likes most, and its encoding.
fn encoded(
    request: &HttpRequest,
    path: &str,
    file: EmbeddedFile,
) -> (EmbeddedFile, Option<ContentEncoding>) {
    let accepted: Option<AcceptEncoding> = request.get_header();
    let accepted = accepted.and_then(|accepted| accepted.negotiate(ENCODINGS.iter()));
    let (suffix, encoding) = match accepted {
        Some(Encoding::Known(ContentEncoding::Brotli)) => (BROTLI, ContentEncoding::Brotli),
        Some(Encoding::Known(ContentEncoding::Gzip)) => (GZIP, ContentEncoding::Gzip),
        _ => return (file, None),
    };
    match Files::get(&format!("{path}{suffix}")) {
        Some(form) => (form, Some(encoding)),
        None => (file, None),
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_type_and_both_compressed_forms() {
        let mut files = 0;
        for path in Files::iter().filter(|path| find(path).is_some()) {
            assert_ne!(media_type(&path), "application/octet-stream", "{path}");
            for suffix in [BROTLI, GZIP] {
                assert!(Files::get(&format!("{path}{suffix}")).is_some(), "{path}{suffix}");
            }
            files += 1;
        }
        assert!(files > 10, "{files} files");
    }
}
