use actix_web::{FromRequest, HttpRequest, dev::Payload, error::QueryPayloadError};
use futures::future::{Either, LocalBoxFuture, Ready, ready};
use problem::Problem;
use serde::de::DeserializeOwned;

use crate::{Error, credential_check};

/// The query string, read as `T`. An error names the parameter as `?name`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Error;
    type Future = Either<Ready<Result<Self, Error>>, LocalBoxFuture<'static, Result<Self, Error>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = actix_web::web::Query::<T>::from_query(request.query_string());
        let read = read.map(|query| Self(query.into_inner())).map_err(wrong);
        match credential_check::running(request) {
            None => Either::Left(ready(read)),
            Some(check) => Either::Right(Box::pin(async move {
                check.await;
                read
            })),
        }
    }
}

fn wrong(error: QueryPayloadError) -> Error {
    let reason = match error {
        QueryPayloadError::Deserialize(error) => error.to_string(),
        _ => "cannot be read".to_owned(),
    };
    // serde puts the parameter's name between backticks.
    let name = reason.split('`').nth(1).unwrap_or_default();
    Problem::field(format!("?{name}"), reason.clone()).into()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only how it is read matters")]
    struct Page {
        limit: Option<String>,
    }

    #[actix_web::test]
    async fn an_unknown_parameter_is_named_with_the_known_ones() {
        let request = TestRequest::with_uri("/?limt=5").to_http_request();
        let error = Query::<Page>::extract(&request).await.unwrap_err();
        let body = error.problem().body("r");
        assert!(body.contains(r#""pointer":"?limt""#) && body.contains("`limit`"), "{body}");
    }
}
