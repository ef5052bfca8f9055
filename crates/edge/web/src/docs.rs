//! `/docs`: a page that shows OpenAPI documents and tries requests. It loads nothing from elsewhere.

use std::sync::Arc;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{self, ContentType},
    web::{Bytes, Data, ServiceConfig, resource},
};
use serde::Serialize;

const PAGE: &str = include_str!("../assets/docs.html");
const STYLE: &str = include_str!("../assets/docs.css");
const SCRIPT: &str = include_str!("../assets/docs.js");

/// The OpenAPI documents of a service's `/docs`. Cloning is cheap.
#[derive(Clone)]
pub struct Docs(Arc<Shown>);

struct Shown {
    documents: Bytes,
    policy: String,
}

/// A document that the page shows.
#[derive(Serialize)]
struct Document<'a> {
    /// Where it is.
    url: &'a str,
    /// Where its operations are; empty for where the page is.
    server: &'a str,
}

/// A service whose document is shown beside one's own.
#[derive(Clone, Copy, Debug)]
pub struct Neighbour<'a> {
    /// The path at which its document is served here.
    pub path: &'static str,
    /// Where the service is, as browsers reach it, such as `https://collect.example`.
    pub server: &'a str,
}

impl Docs {
    /// Shows this service's own `/openapi.json`, and the documents of `neighbours`.
    pub fn new(neighbours: &[Neighbour<'_>]) -> Self {
        let own = Document { url: "/openapi.json", server: "" };
        let others = neighbours.iter();
        let others = others.map(|other| Document { url: other.path, server: other.server });
        let documents: Vec<_> = [own].into_iter().chain(others).collect();
        let mut reached = "'self'".to_owned();
        for document in documents.iter().filter(|document| !document.server.is_empty()) {
            reached.push(' ');
            reached.push_str(document.server);
        }
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src {reached}; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let documents = serde_json::to_vec(&documents).unwrap_or_default().into();
        Self(Arc::new(Shown { documents, policy }))
    }

    /// Adds the page and what it loads; `/` leads to it.
    pub fn configure(self, config: &mut ServiceConfig) {
        config
            .app_data(Data::new(self))
            .service(resource("/").get(lead_here))
            .service(resource("/docs").get(page))
            .service(resource("/docs/docs.css").get(style))
            .service(resource("/docs/docs.js").get(script))
            .service(resource("/docs/documents.json").get(documents));
    }
}

/// A document as it is served, which may be kept for a minute.
pub fn document(json: impl Into<Bytes>) -> HttpResponse {
    kept().content_type(ContentType::json()).body(json.into())
}

fn kept() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "public, max-age=60"));
    response
}

async fn lead_here() -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, "/docs")).finish()
}

async fn page(docs: Data<Docs>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_SECURITY_POLICY, docs.0.policy.as_str()))
        .content_type(ContentType::html())
        .body(PAGE)
}

async fn style() -> HttpResponse {
    kept().content_type("text/css; charset=utf-8").body(STYLE)
}

async fn script() -> HttpResponse {
    kept().content_type("text/javascript; charset=utf-8").body(SCRIPT)
}

async fn documents(docs: Data<Docs>) -> HttpResponse {
    document(docs.0.documents.clone())
}
