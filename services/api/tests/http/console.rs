use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::{Client, Method, Response, header, redirect::Policy};

use crate::stand::{Stand, answer};

async fn get(stand: &Stand, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = stand.request(Method::GET, path, None);
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.unwrap()
}

fn value<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

/// Returns the path of the page's script.
fn script(page: &str) -> &str {
    let (_, rest) = page.split_once("src=\"").unwrap();
    rest.split_once('"').unwrap().0
}

#[actix_web::test]
async fn the_root_leads_to_the_console_and_every_screen_is_its_page() {
    let stand = Stand::new().await;
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    for path in ["/", "/console"] {
        let leads = client.get(stand.url(path)).send().await.unwrap();
        assert_eq!(
            (leads.status().as_u16(), value(&leads, "location")),
            (302, "/console/"),
            "{path}"
        );
    }
    let page = get(&stand, "/console/", &[]).await.text().await.unwrap();
    assert!(page.starts_with("<!doctype html>"), "{page}");
    // A campaign's id may look like the name of a file.
    for path in ["/console/live", "/console/campaigns/spring.sale%2F2026", "/console/index.html"] {
        let screen = get(&stand, path, &[]).await;
        assert_eq!(
            (screen.status().as_u16(), value(&screen, "content-type")),
            (200, "text/html; charset=utf-8")
        );
        assert_eq!(screen.text().await.unwrap(), page, "{path}");
    }
    for path in ["/console/assets/index-00000000.js", "/consoles", "/v1/console/"] {
        let missing = answer(stand.request(Method::GET, path, None)).await;
        assert_eq!(
            (missing.status.as_u16(), &missing.body["code"]),
            (404, &"not_found".into()),
            "{path}"
        );
    }
    assert_eq!(answer(stand.request(Method::POST, "/console/", None)).await.status, 405);
}

#[actix_web::test]
async fn an_asset_is_cached_for_ever_and_the_page_is_checked_each_time() {
    let stand = Stand::new().await;
    let page = get(&stand, "/console/", &[]).await;
    assert_eq!(value(&page, "cache-control"), "no-cache");
    let tag = value(&page, "etag").to_owned();
    let text = page.text().await.unwrap();
    let unchanged = get(&stand, "/console/live", &[("if-none-match", &tag)]).await;
    assert_eq!(unchanged.status(), 304);
    assert_eq!(
        (value(&unchanged, "etag"), value(&unchanged, "cache-control")),
        (&*tag, "no-cache")
    );
    assert!(unchanged.bytes().await.unwrap().is_empty());
    let changed = get(&stand, "/console/", &[("if-none-match", "\"another\"")]).await;
    assert_eq!(changed.status(), 200);

    let asset = get(&stand, script(&text), &[]).await;
    assert_eq!(asset.status(), 200);
    assert_eq!(value(&asset, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(value(&asset, "content-type"), "text/javascript; charset=utf-8");
    let icon = get(&stand, "/console/favicon.svg", &[]).await;
    assert_eq!(
        (value(&icon, "cache-control"), value(&icon, "content-type")),
        ("no-cache", "image/svg+xml")
    );
}

#[actix_web::test]
async fn a_file_is_sent_in_the_encoding_that_the_client_likes_most() {
    let stand = Stand::new().await;
    let page = get(&stand, "/console/", &[]).await.text().await.unwrap();
    let path = script(&page);
    let plain = get(&stand, path, &[]).await.bytes().await.unwrap();
    for (accept, encoding) in [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0, gzip;q=0", ""),
        // The console has no such form, and is not compressed again for each request.
        ("zstd", ""),
        ("identity", ""),
    ] {
        let response = get(&stand, path, &[("accept-encoding", accept)]).await;
        assert_eq!(value(&response, "content-encoding"), encoding, "{accept}");
        let varies: Vec<_> = response.headers().get_all(header::VARY).iter().collect();
        assert_eq!(varies, ["accept-encoding", "origin"], "{accept}");
        let bytes = response.bytes().await.unwrap();
        match encoding {
            "" => assert_eq!(bytes, plain, "{accept}"),
            "gzip" => {
                let mut inflated = Vec::new();
                GzDecoder::new(&*bytes).read_to_end(&mut inflated).unwrap();
                assert_eq!(inflated, plain, "{accept}");
            }
            _ => assert!(bytes.len() * 2 < plain.len(), "{accept}"),
        }
        let form = get(&stand, &format!("{path}.gz"), &[("accept-encoding", accept)]).await;
        assert_eq!(form.status(), 404, "a form has no path of its own");
    }
}

#[actix_web::test]
async fn the_page_holds_under_a_policy_that_allows_its_own_files_only() {
    let stand = Stand::new().await;
    let page = get(&stand, "/console/", &[]).await;
    let policy = value(&page, "content-security-policy");
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ] {
        assert!(policy.split("; ").any(|part| part == rule), "{rule}: {policy}");
    }
    assert!(
        !policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"),
        "{policy}"
    );
    for (name, expected) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(value(&page, name), expected);
    }
    assert!(value(&page, "permissions-policy").contains("camera=()"));
    let text = page.text().await.unwrap();
    assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("style="));
    assert!(!text.contains("<script>") && !text.contains("<style>"), "nothing is inline: {text}");
}
