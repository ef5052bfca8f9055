//! The one list of a service's operations. Its routes and its OpenAPI document come from it.

use actix_web::{Resource, Route, http::Method, web::resource};
use utoipa::openapi::HttpMethod;

use crate::answer_timeout::{self, ANSWER_TIMEOUT};

/// Declares the operations of a service by the modules of their handlers: `campaigns::list` stands
/// for `campaigns::list::handle`. Its `#[utoipa::path]` states method and path.
///
/// Defines `Operations`, the OpenAPI document of the operations, and `resources()`, what actix
/// serves. `wrapped in` names a middleware of one operation.
///
/// ```
/// mod greeting {
///     /// Answers with a greeting.
///     #[utoipa::path(get, path = "/greeting", responses((status = 200, description = "Yes")))]
///     pub(crate) async fn handle() -> &'static str {
///         "hello"
///     }
/// }
///
/// web::route_table! {
///     greeting;
/// }
///
/// # use utoipa::OpenApi;
/// assert_eq!(resources().len(), Operations::openapi().paths.paths.len());
/// ```
#[macro_export]
macro_rules! route_table {
    ($($($module:ident)::+ $(wrapped in $middleware:path)?;)+) => {
        /// The OpenAPI document of the operations.
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($module::)+handle),+))]
        pub(crate) struct Operations;

        /// Returns the resources of the operations.
        pub(crate) fn resources() -> Vec<actix_web::Resource> {
            $crate::route_table::resources([$((
                <$($module::)+__path_handle as utoipa::Path>::path(),
                $crate::route_table::limited(
                    $crate::route_table::route::<$($module::)+__path_handle>()
                        .to($($module::)+handle)
                )
                $(.wrap(actix_web::middleware::from_fn($middleware)))?,
            )),+])
        }
    };
}

/// Creates a route for the methods of an operation.
#[doc(hidden)]
pub fn route<P: utoipa::Path>() -> Route {
    P::methods().into_iter().fold(Route::new(), |route, method| route.method(actix(method)))
}

/// Lets the handler of a route answer in time. A middleware that changes the request comes first.
#[doc(hidden)]
pub fn limited(route: Route) -> Route {
    answer_timeout::limit(route, ANSWER_TIMEOUT)
}

/// Groups routes into one resource per path, so that another method is answered with 405.
#[doc(hidden)]
pub fn resources(routes: impl IntoIterator<Item = (String, Route)>) -> Vec<Resource> {
    let mut resources: Vec<(String, Resource)> = Vec::new();
    for (path, route) in routes {
        let (path, resource) = match resources.iter().position(|(known, _)| *known == path) {
            Some(index) => resources.remove(index),
            None => (path.clone(), resource(path)),
        };
        resources.push((path, resource.route(route)));
    }
    resources.into_iter().map(|(_, resource)| resource).collect()
}

fn actix(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}
