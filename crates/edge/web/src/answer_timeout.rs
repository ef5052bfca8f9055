use std::time::Duration;

use actix_web::{
    HttpResponse, Route,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::{Next, from_fn},
};
use problem::{Code, Problem};
use tokio::time::timeout;

use crate::Error;

/// How long a request may take until its answer begins: longer than any report.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// When a client may repeat a request that took too long.
const RETRY: Duration = Duration::from_secs(5);

/// Lets the handler of a route answer each request within `longest`. A stream has answered when it begins.
pub(crate) fn limit(route: Route, longest: Duration) -> Route {
    route.wrap(from_fn(move |request: ServiceRequest, next: Next<BoxBody>| {
        answer_within(longest, request, next)
    }))
}

async fn answer_within(
    longest: Duration,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, actix_web::Error> {
    // The answer to a request that is given up needs it, too. Actix allows a clone only when nothing routes
    // or changes the request any more: so each handler has this limit, and not the whole app.
    let given_up = request.request().clone();
    match timeout(longest, next.call(request)).await {
        Ok(answered) => answered,
        Err(late) => {
            let detail = "The request was not answered in time. Try again, or ask for less.";
            let problem = Problem::new(Code::Unavailable, detail).with_retry_after(RETRY);
            let response = HttpResponse::from_error(Error::from(problem.with_source(late)));
            Ok(ServiceResponse::new(given_up, response))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, future::pending, sync::Arc};

    use actix_web::{
        HttpRequest,
        http::{StatusCode, header},
        test::{TestRequest, call_service, init_service, read_body},
        web::{Data, ServiceConfig, get},
    };
    use tenancy::{DirectoryError, Origin, OriginDirectory};

    use super::*;
    use crate::{CrossOrigin, readable_from};

    const SHOP: &str = "https://shop.test";

    /// No origin is listed: only those of the request's tenant may read its answer.
    struct Nobody;

    #[async_trait::async_trait]
    impl OriginDirectory for Nobody {
        async fn listed_origins(&self) -> Result<Arc<HashSet<Origin>>, DirectoryError> {
            Ok(Arc::default())
        }
    }

    async fn never(request: HttpRequest) -> HttpResponse {
        let origins: Arc<[Origin]> = [SHOP.parse::<Origin>().unwrap()].into();
        readable_from(&request, &origins);
        pending().await
    }

    fn routes(config: &mut ServiceConfig) {
        let route = limit(get().to(never), Duration::from_millis(50));
        config.app_data(Data::new(CrossOrigin::new(Arc::new(Nobody)))).route("/late/{id}", route);
    }

    #[actix_web::test]
    async fn a_request_that_is_given_up_is_counted_and_readable_as_any_other() {
        let app = init_service(crate::app("limited", routes)).await;
        let request = TestRequest::get().uri("/late/7").insert_header((header::ORIGIN, SHOP));
        let response = call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let headers = response.headers().clone();
        assert_eq!(headers.get(header::RETRY_AFTER).unwrap(), "5");
        assert_eq!(headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).unwrap(), SHOP);
        assert!(headers.contains_key("x-request-id"));
        let body = read_body(response).await;
        assert!(String::from_utf8_lossy(&body).contains("not answered in time"), "{body:?}");
        let counted = r#"footfall_requests_total{method="GET",route="/late/{id}",service="limited",status="5xx"} 1"#;
        let metrics = telemetry::render();
        assert!(metrics.contains(counted), "{metrics}");
    }
}
