//! `/docs`: a page that shows OpenAPI documents and sends requests. It loads nothing external.

use std::sync::Arc;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{self, ContentType},
    web::{Bytes, Data, ServiceConfig, resource},
};
use serde::Serialize;
use utoipa::openapi::OpenApi;

const PAGE: &str = include_str!("../assets/docs.html");
const STYLE: &str = include_str!("../assets/docs.css");
const SCRIPT: &str = include_str!("../assets/docs.js");

/// The OpenAPI documents of a service's `/docs`. Cloning is cheap.
#[derive(Clone)]
pub struct Docs(Arc<Shown>);

struct Shown {
    own: Bytes,
    documents: Bytes,
    policy: String,
}

/// A document that the page shows.
#[derive(Serialize)]
struct Document<'a> {
    /// Its URL.
    url: &'a str,
    /// The base URL of its operations; empty: the origin of the page.
    server: &'a str,
}

/// Another service whose document the page shows too.
#[derive(Clone, Copy, Debug)]
pub struct Neighbour<'a> {
    /// The path at which this service serves that document.
    pub path: &'static str,
    /// The base URL of the other service for browsers, such as `https://collect.example`.
    pub server: &'a str,
}

impl Docs {
    /// Creates the page of this service's `/openapi.json`, which is `document`, and the documents of
    /// `neighbours`.
    pub fn new(document: &OpenApi, neighbours: &[Neighbour<'_>]) -> Self {
        let first = Document { url: "/openapi.json", server: "" };
        let others = neighbours.iter();
        let others = others.map(|other| Document { url: other.path, server: other.server });
        let documents: Vec<_> = [first].into_iter().chain(others).collect();
        let mut allowed = "'self'".to_owned();
        for document in documents.iter().filter(|document| !document.server.is_empty()) {
            allowed.push(' ');
            allowed.push_str(document.server);
        }
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src {allowed}; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let documents = serde_json::to_vec(&documents).unwrap_or_default().into();
        let own = serde_json::to_vec(document).unwrap_or_default().into();
        Self(Arc::new(Shown { own, documents, policy }))
    }

    /// Adds the page and its files. The service itself adds `/openapi.json`.
    pub fn configure(self, config: &mut ServiceConfig) {
        config
            .app_data(Data::new(self))
            .service(resource("/docs").get(page))
            .service(resource("/docs/docs.css").get(style))
            .service(resource("/docs/docs.js").get(script))
            .service(resource("/docs/documents.json").get(documents));
    }
}

/// Leads to the page.
pub async fn redirect() -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, "/docs")).finish()
}

/// Answers with the service's own document.
pub async fn own(docs: Data<Docs>) -> HttpResponse {
    document(docs.0.own.clone())
}

/// Answers with a document, which clients may cache for a minute.
pub fn document(json: impl Into<Bytes>) -> HttpResponse {
    cacheable().content_type(ContentType::json()).body(json.into())
}

fn cacheable() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "public, max-age=60"));
    response
}

async fn page(docs: Data<Docs>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_SECURITY_POLICY, docs.0.policy.as_str()))
        .content_type(ContentType::html())
        .body(PAGE)
}

async fn style() -> HttpResponse {
    cacheable().content_type("text/css; charset=utf-8").body(STYLE)
}

async fn script() -> HttpResponse {
    cacheable().content_type("text/javascript; charset=utf-8").body(SCRIPT)
}

async fn documents(docs: Data<Docs>) -> HttpResponse {
    document(docs.0.documents.clone())
}
