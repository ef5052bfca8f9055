use std::io::Write;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use flate2::{Compression, write::GzEncoder};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use reqwest::{Method, RequestBuilder, header::HeaderValue};
use serde_json::{Value, json};
use uuid::Uuid;

use super::mutation;
use crate::{
    Failure,
    routes::everything,
    stand::{Shop, Stand, Who, text},
};

/// What reads something that a client has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parser {
    /// An event of a JSON list.
    Event,
    /// How a body of events is divided, encoded and compressed.
    Framing,
    /// A question about events.
    Query,
    /// A credential.
    Token,
    /// The description of a tenant.
    TenantFile,
    /// The place at which a list goes on.
    Cursor,
}

/// Something to be read.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    bytes: Vec<u8>,
    /// The media type, the list or the scheme: what is sent beside the bytes.
    beside: &'static str,
    encoding: Option<&'static str>,
}

/// Lists with a cursor.
const LISTS: [&str; 8] = [
    "annotations",
    "campaigns",
    "cohorts",
    "privacy/erasures",
    "products",
    "rejects",
    "reports",
    "saved-reports",
];
const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

impl Sample {
    fn new(bytes: impl Into<Vec<u8>>, beside: &'static str) -> Self {
        Self { bytes: bytes.into(), beside, encoding: None }
    }

    fn json(value: &Value) -> Self {
        Self::new(value.to_string(), JSON)
    }

    fn compressed(bytes: &[u8], beside: &'static str) -> Result<Self, Failure> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes)?;
        Ok(Self { bytes: encoder.finish()?, beside, encoding: Some("gzip") })
    }

    /// Returns it as text that a shell can repeat.
    pub(super) fn shown(&self) -> String {
        let Self { bytes, beside, encoding } = self;
        format!("{beside} {encoding:?} {}", bytes.escape_ascii())
    }
}

impl Parser {
    pub(super) const ALL: [Self; 6] =
        [Self::Event, Self::Framing, Self::Query, Self::Token, Self::TenantFile, Self::Cursor];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Framing => "framing",
            Self::Query => "query",
            Self::Token => "token",
            Self::TenantFile => "tenant file",
            Self::Cursor => "cursor",
        }
    }

    /// Returns the name of the figure that counts its bodies.
    pub(super) const fn figure(self) -> &'static str {
        match self {
            Self::Event => "events",
            Self::Framing => "framings",
            Self::Query => "queries",
            Self::Token => "tokens",
            Self::TenantFile => "tenant files",
            Self::Cursor => "cursors",
        }
    }

    /// Returns whether a sample is answered with this status. The tenant of the file exists, so that none is created.
    pub(super) fn accepts(self, status: u16) -> bool {
        match self {
            Self::TenantFile => matches!(status, 409 | 422),
            _ => (200..300).contains(&status),
        }
    }

    /// Returns what is mutated: each is valid.
    pub(super) async fn samples(self, stand: &Stand, shop: &Shop) -> Result<Vec<Sample>, Failure> {
        let [from, to] = everything();
        let time = json!({"from": from, "to": to});
        let events = json!([
            {"type": "ad_impression", "campaign_id": "spring", "visitor_id": "v", "ad_id": "a"},
            {"type": "purchase", "campaign_id": "spring", "order_id": "o", "revenue": 77.5,
             "currency": "EUR", "properties": {"a": {"b": [1, 2, null]}},
             "items": [{"product_id": "p", "brand": "b", "quantity": 2, "price": 10}]},
        ]);
        let one = json!({"type": "page_view", "visitor_id": "v"}).to_string();
        let lines = format!("{one}\n{one}\r\n{one}");
        Ok(match self {
            Self::Event => vec![Sample::json(&events), Sample::new(lines, LINES)],
            Self::Framing => vec![
                Sample::new(lines.clone(), LINES),
                Sample::compressed(lines.as_bytes(), LINES)?,
                Sample::compressed(events.to_string().as_bytes(), JSON)?,
            ],
            Self::Query => vec![
                Sample::json(&json!({"metrics": ["events", "sales"], "time": time})),
                Sample::json(&json!({
                    "metrics": ["events", "visitors"], "time": time,
                    "dimensions": ["campaign", "ad"], "compare": {"to": "previous_year"},
                    "filters": {"dimension": "campaign", "in": ["spring"]},
                    "top": {"n": 10, "by": "events", "others": true},
                })),
            ],
            Self::Token => vec![
                Sample::new(shop.tenant.owner.as_str(), "Bearer"),
                Sample::new(shop.tenant.read_key.as_str(), "Bearer"),
            ],
            Self::TenantFile => vec![Sample::json(&json!({
                "id": shop.tenant.id, "name": "Shop", "isolation": "shared", "cluster": "nowhere",
                "time_zone": "Europe/Berlin", "currency": "EUR", "retention_days": 90,
                "limits": {"events_per_second": 10, "quotas": {"over_quota": "park"}},
                "origins": ["https://shop.example"],
                "advertisers": [{"id": "brand", "name": "Brand"}],
                "campaigns": [{"id": "spring", "name": "Spring", "advertiser": "brand"}],
                "dimensions": [{"name": "own", "pointer": "/properties/own", "type": "string"}],
                "users": [{"email": "owner@shop.example", "role": "owner"}],
                "keys": [{"name": "site", "kind": "collect"}],
            }))],
            Self::Cursor => {
                let page = "/v1/campaigns?limit=1";
                let listed = stand.platform.get(&shop.tenant.owner, page).await.json();
                let next = text(&listed, "/next_cursor")?;
                let id = URL_SAFE_NO_PAD.encode(Uuid::now_v7().to_string());
                vec![Sample::new(next, "campaigns"), Sample::new(id, "saved-reports")]
            }
        })
    }

    /// Returns a mutation of one of the samples.
    pub(super) fn mutated(self, samples: &[Sample], random: &mut StdRng) -> Sample {
        let mut choose = || samples.choose(random).cloned();
        let (Some(mut sample), Some(other)) = (choose(), choose()) else {
            return Sample::new("", JSON);
        };
        let value = serde_json::from_slice::<Value>(&sample.bytes).ok();
        sample.bytes = match value.filter(|_| random.random_bool(0.6)) {
            Some(value) => mutation::json(&value, random).to_string().into_bytes(),
            None => mutation::bytes(&sample.bytes, &other.bytes, random),
        };
        match self {
            Self::Framing => {
                const TYPES: [&str; 5] =
                    [JSON, LINES, "application/json; charset=utf-16", "text/plain", ""];
                const ENCODINGS: [Option<&str>; 6] = [
                    None,
                    Some("gzip"),
                    Some("zstd"),
                    Some("deflate"),
                    Some("br"),
                    Some("gzip, gzip"),
                ];
                if random.random_bool(0.3) {
                    sample.beside = TYPES.choose(random).copied().unwrap_or(JSON);
                    sample.encoding = ENCODINGS.choose(random).copied().flatten();
                }
            }
            Self::Cursor => {
                sample.beside = LISTS.choose(random).copied().unwrap_or("campaigns");
                // What a cursor contains is behind its encoding.
                if random.random_bool(0.5)
                    && let Ok(inner) = URL_SAFE_NO_PAD.decode(&other.bytes)
                {
                    let changed = mutation::bytes(&inner, b"{}", random);
                    sample.bytes = URL_SAFE_NO_PAD.encode(changed).into_bytes();
                }
            }
            _ => {}
        }
        sample
    }

    /// Returns the request that sends it; `None` if a header cannot carry it.
    pub(super) fn request(
        self,
        stand: &Stand,
        shop: &Shop,
        sample: &Sample,
    ) -> Option<RequestBuilder> {
        let Sample { bytes, beside, encoding } = sample;
        let owner = &shop.tenant.owner;
        Some(match self {
            Self::Event | Self::Framing => {
                let request = stand.request(&Method::POST, false, "/v1/events");
                let request = request
                    .bearer_auth(shop.credential(Who::Collect))
                    .header("Content-Type", *beside)
                    .body(bytes.clone());
                match encoding {
                    Some(encoding) => request.header("Content-Encoding", *encoding),
                    None => request,
                }
            }
            Self::Query => {
                let request = stand.request(&Method::POST, true, "/v1/query");
                request.bearer_auth(owner).header("Content-Type", *beside).body(bytes.clone())
            }
            Self::Token => {
                let value = [beside.as_bytes(), b" ", bytes.as_slice()].concat();
                let value = HeaderValue::from_bytes(&value).ok()?;
                stand.request(&Method::GET, true, "/v1/me").header("Authorization", value)
            }
            Self::TenantFile => {
                let request = stand.request(&Method::POST, true, "/v1/admin/tenants");
                let request = request.bearer_auth(&stand.admin);
                request.header("Content-Type", *beside).body(bytes.clone())
            }
            Self::Cursor => {
                let cursor: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
                let path = format!("/v1/{beside}?limit=5&cursor={cursor}");
                stand.request(&Method::GET, true, &path).bearer_auth(owner)
            }
        })
    }
}
