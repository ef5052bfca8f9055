use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{RequestBuilder, header::HeaderValue};
use serde_json::{Value, json};

use crate::{
    Failure,
    routes::Route,
    stand::{Credential, Ids, Shop, Stand},
};

/// Where a request names another tenant, beside the ids of its path and body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Nowhere.
    Plain,
    Header(&'static str),
    Query(&'static str),
    /// The own tenant first, then the other one.
    QueryTwice,
    Cookie(&'static str),
    /// A field of the body, as it is written in JSON.
    Field(&'static str),
    /// A field of the own tenant, then one of the same name of the other one.
    FieldTwice,
    Path(Trick),
    /// A second `Authorization`.
    SecondCredential,
    /// A claim of the token, which its signature does not cover.
    Claim(&'static str),
}

/// How an id is written in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trick {
    Encoded,
    EncodedTwice,
    UpperCase,
    Slash,
    Climb,
    Matrix,
    Null,
    Space,
}

const HEADERS: [&str; 9] = [
    "X-Client-Id",
    "X-Tenant-Id",
    "Client-Id",
    "X-Forwarded-Host",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-HTTP-Method-Override",
    "Forwarded",
    "Host",
];
const QUERIES: [&str; 7] =
    ["client_id", "clientId", "CLIENT_ID", "tenant", "tenant_id", "client_id[]", "%63lient_id"];
const COOKIES: [&str; 3] = ["client_id", "tenant", "session"];
const FIELDS: [&str; 6] =
    ["client_id", "clientId", "Client_ID", "tenant", "tenant_id", r"client\u005fid"];
const TRICKS: [Trick; 8] = [
    Trick::Encoded,
    Trick::EncodedTwice,
    Trick::UpperCase,
    Trick::Slash,
    Trick::Climb,
    Trick::Matrix,
    Trick::Null,
    Trick::Space,
];
const CLAIMS: [&str; 3] = ["client_id", "tenant", "client_name"];

impl Way {
    /// Returns every way but the plain one.
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![Self::QueryTwice, Self::FieldTwice, Self::SecondCredential];
        all.extend(HEADERS.map(Self::Header));
        all.extend(QUERIES.map(Self::Query));
        all.extend(COOKIES.map(Self::Cookie));
        all.extend(FIELDS.map(Self::Field));
        all.extend(TRICKS.map(Self::Path));
        all.extend(CLAIMS.map(Self::Claim));
        all
    }

    /// Returns whether a request to `route` with this credential has such a place.
    pub(super) fn fits(self, route: &Route, credential: &Credential) -> bool {
        match self {
            Self::Field(_) | Self::FieldTwice => {
                route.body(&Ids::absent()).is_ok_and(|body| body.is_some())
            }
            Self::Path(_) => route.has_ids(),
            Self::Claim(_) => credential.text.contains('.'),
            _ => true,
        }
    }

    /// Returns whether the credential of such a request must be refused.
    pub(super) fn spoils_the_credential(self) -> bool {
        matches!(self, Self::Claim(_) | Self::SecondCredential)
    }

    /// Returns a request to `route` with `ids`, which names `target` in this way.
    pub(super) fn request(
        self,
        stand: &Stand,
        route: &Route,
        by: &Shop,
        (ids, target): (&Ids, &Shop),
        credential: &Credential,
    ) -> Result<RequestBuilder, Failure> {
        let (own, other) = (by.tenant.id.as_str(), target.tenant.id.as_str());
        let mut path = route.aimed(ids)?;
        let joint = if path.contains('?') { '&' } else { '?' };
        match self {
            Self::Query(name) => path += &format!("{joint}{name}={other}"),
            Self::QueryTwice => path += &format!("{joint}client_id={own}&client_id={other}"),
            Self::Path(trick) => path = trick.write(&route.aimed(&by.ids)?, &path, other),
            _ => {}
        }
        let mut request = stand.request(&route.method, route.is_api, &path);
        if let Some(body) = route.body(ids)? {
            let text = match self {
                Self::Field(name) => with_fields(&body, &format!(r#""{name}":"{other}""#)),
                Self::FieldTwice => {
                    let fields = format!(r#""client_id":"{own}","client_id":"{other}""#);
                    with_fields(&body, &fields)
                }
                _ => body.to_string(),
            };
            request = request.header("Content-Type", "application/json").body(text);
        }
        if !credential.text.is_empty() {
            let text = match self {
                Self::Claim(name) => with_claim(&credential.text, name, other)?,
                _ => credential.text.clone(),
            };
            request = request.bearer_auth(text);
        }
        Ok(match self {
            Self::Header(name) => {
                let value = match name {
                    "X-Original-URL" | "X-Rewrite-URL" => format!("/v1/admin/tenants/{other}"),
                    "X-HTTP-Method-Override" => "GET".to_owned(),
                    "Forwarded" => format!("host={other};by={other}"),
                    _ => other.to_owned(),
                };
                request.header(name, value)
            }
            Self::Cookie(name) => request.header("Cookie", format!("{name}={other}")),
            Self::SecondCredential => {
                let second = HeaderValue::try_from(format!("Bearer {other}"))?;
                request.header("Authorization", second)
            }
            _ => request,
        })
    }
}

impl Trick {
    /// Writes each part of `foreign` that differs from `own` in this way.
    fn write(self, own: &str, foreign: &str, tenant: &str) -> String {
        let (path, query) = foreign.split_once('?').unwrap_or((foreign, ""));
        let own = own.split_once('?').map_or(own, |(own, _)| own);
        let parts = own.split('/').zip(path.split('/'));
        let written: Vec<_> = parts
            .map(|(own, id)| if own == id { id.to_owned() } else { self.write_id(own, id, tenant) })
            .collect();
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        written.join("/") + &query
    }

    fn write_id(self, own: &str, id: &str, tenant: &str) -> String {
        let encoded =
            |prefix: &str| id.bytes().map(|byte| format!("{prefix}{byte:02x}")).collect::<String>();
        match self {
            Self::Encoded => encoded("%"),
            Self::EncodedTwice => encoded("%25"),
            Self::UpperCase => id.to_uppercase(),
            Self::Slash => format!("{id}%2F"),
            Self::Climb => format!("{own}%2F..%2F{id}"),
            Self::Matrix => format!("{own};client_id={tenant}"),
            Self::Null => format!("{id}%00"),
            Self::Space => format!("%20{id}"),
        }
    }
}

/// Writes fields at the beginning of an object, or of the first object of a list.
fn with_fields(body: &Value, fields: &str) -> String {
    let text = body.to_string();
    match text.split_once('{') {
        Some((before, "}")) => format!("{before}{{{fields}}}"),
        Some((before, rest)) if rest.starts_with('}') => format!("{before}{{{fields}{rest}"),
        Some((before, rest)) => format!("{before}{{{fields},{rest}"),
        None => text,
    }
}

/// Returns a token with another claim, and the signature that it had.
fn with_claim(token: &str, name: &str, value: &str) -> Result<String, Failure> {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(signature)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err("not a token of three parts".into());
    };
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    let changed = claims.as_object_mut().ok_or("claims that are no object")?;
    changed.insert(name.to_owned(), json!(value));
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    Ok(format!("{header}.{claims}.{signature}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ids_of_a_path_are_written_otherwise() {
        let write = |trick: Trick| trick.write("/v1/cohorts/own", "/v1/cohorts/ab", "t-1");
        assert_eq!(write(Trick::Encoded), "/v1/cohorts/%61%62");
        assert_eq!(write(Trick::EncodedTwice), "/v1/cohorts/%2561%2562");
        assert_eq!(write(Trick::Climb), "/v1/cohorts/own%2F..%2Fab");
        assert_eq!(write(Trick::Matrix), "/v1/cohorts/own;client_id=t-1");
        let with_query = Trick::Slash.write("/c/own/m?from=1", "/c/ab/m?from=1", "t-1");
        assert_eq!(with_query, "/c/ab%2F/m?from=1");
    }

    #[test]
    fn fields_are_written_into_objects_and_lists_of_them() {
        let field = r#""tenant":"t""#;
        assert_eq!(with_fields(&json!({}), field), r#"{"tenant":"t"}"#);
        assert_eq!(with_fields(&json!({"a": 1}), field), r#"{"tenant":"t","a":1}"#);
        assert_eq!(with_fields(&json!([{"a": 1}]), field), r#"[{"tenant":"t","a":1}]"#);
    }

    #[test]
    fn a_changed_claim_keeps_the_signature() {
        let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"user"}"#);
        let changed = with_claim(&format!("h.{claims}.s"), "client_id", "t-2").unwrap();
        let middle = changed.strip_prefix("h.").and_then(|rest| rest.strip_suffix(".s")).unwrap();
        let claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(middle).unwrap()).unwrap();
        assert_eq!(claims, json!({"sub": "user", "client_id": "t-2"}));
    }
}
