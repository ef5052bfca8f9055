use actix_web::HttpRequest;

use crate::connection::ConnectionHandle;

/// Returns whether the connection of a request has TLS up to this process. Behind a load balancer that ends TLS it
/// has none.
pub fn has_tls(request: &HttpRequest) -> bool {
    request.conn_data::<ConnectionHandle>().is_some_and(ConnectionHandle::has_tls)
}
