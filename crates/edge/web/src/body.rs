use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    web::{BytesMut, Payload as RequestPayload},
};
use futures::future::LocalBoxFuture;
use problem::{Code, Problem};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::{Arrival, Error, credential_check, objects::FromObjects};

/// The default limit of a JSON body, in bytes; a route may set another one.
const DEFAULT_MAX_BYTES: usize = 256 * 1024;

/// A JSON body of at most `MAX_BYTES`, read as `T`. An error names the field by its JSON pointer.
#[derive(Debug)]
pub struct Body<T, const MAX_BYTES: usize = DEFAULT_MAX_BYTES>(pub T);

impl<T: DeserializeOwned, const MAX_BYTES: usize> FromRequest for Body<T, MAX_BYTES> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request.content_type() == "application/json";
        let payload = RequestPayload::from_request(request, payload);
        let check = credential_check::running(request);
        Box::pin(async move {
            if let Some(check) = check {
                check.await;
            }
            if !is_json {
                return Err(Problem::new(
                    Code::UnsupportedMediaType,
                    "Send the body as JSON, with `Content-Type: application/json`.",
                )
                .into());
            }
            let payload = payload.await.map_err(|_| unreadable("The body cannot be read."))?;
            let bytes = read(payload, MAX_BYTES).await?;
            read_json(&bytes).map(Self).map_err(Error::from)
        })
    }
}

async fn read(payload: RequestPayload, most: usize) -> Result<BytesMut, Error> {
    let mut arrival = Arrival::of(payload);
    let mut bytes = BytesMut::new();
    while let Some(chunk) = arrival.next().await? {
        if bytes.len() + chunk.len() > most {
            let detail = format!("The body may have at most {most} bytes.");
            return Err(Problem::new(Code::BodyTooLarge, detail).into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Reads JSON as [`Body`] does.
///
/// # Errors
/// It is not JSON, or a field of it is wrong: then its JSON pointer is named.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(FromObjects(&mut json)).map_err(|error| {
        let reason = error.inner().to_string();
        if reason.starts_with("recursion limit exceeded") {
            let reason = "is nested too deeply: a body may have at most 127 levels";
            Problem::field(pointer(error.path()), reason)
        } else if error.inner().is_data() {
            // The pointer is more useful than the line and column.
            let reason = reason.split(" at line ").next().unwrap_or_default();
            Problem::field(pointer(error.path()), reason)
        } else {
            Problem::new(Code::MalformedBody, format!("The body is not valid JSON: {reason}."))
        }
    })?;
    json.end().map(|()| value).map_err(|error| {
        Problem::new(Code::MalformedBody, format!("The body continues after its JSON: {error}."))
    })
}

fn unreadable(detail: &'static str) -> Error {
    Problem::new(Code::MalformedBody, detail).into()
}

/// Returns the JSON pointer (RFC 6901) of a value in a body.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use problem::Kind;
    use serde::Deserialize;
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only how it is read matters")]
    struct Item {
        count: u8,
        size: Option<Size>,
        rest: Option<Box<RawValue>>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only how it is read matters")]
    struct Size {
        height: u8,
    }

    #[test]
    fn fields_of_every_type_are_read() {
        let body = r#"{"items":[{"count":1,"size":{"height":2},"rest":[ {"a":1.50} ]}]}"#;
        let order: Order = read_json(body.as_bytes()).unwrap();
        assert_eq!(order.items[0].rest.as_ref().unwrap().get(), r#"[ {"a":1.50} ]"#);
    }

    #[test]
    fn a_wrong_field_is_named_by_its_pointer() {
        for (body, kind, mention) in [
            (r#"{"items":[{"count":1},{"count":"x"}]}"#, Kind::Invalid, r#""/items/1/count""#),
            (r#"{"items":[{"count":300}]}"#, Kind::Invalid, r#""/items/0/count""#),
            (r#"{"items":[{}]}"#, Kind::Invalid, "missing field `count`"),
            (r#"{"item":[]}"#, Kind::Invalid, "expected `items`"),
            (r#"[[{"count":1}]]"#, Kind::Invalid, r#""pointer":"""#),
            (r#"{"items":[[1]]}"#, Kind::Invalid, r#""/items/0""#),
            (r#"{"items":[{"count":1,"size":[2]}]}"#, Kind::Invalid, r#""/items/0/size""#),
            (r#"{"items":["#, Kind::Malformed, "not valid JSON"),
            ("", Kind::Malformed, "not valid JSON"),
            (r#"{"items":[]} x"#, Kind::Malformed, "continues"),
        ] {
            let problem = read_json::<Order>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.kind(), kind, "{body}");
            let answer = problem.body("r");
            assert!(answer.contains(mention), "{body} gave {answer}");
            assert!(!answer.contains("at line 1 column") || kind == Kind::Malformed, "{answer}");
        }
    }
}
