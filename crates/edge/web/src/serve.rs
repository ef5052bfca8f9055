use std::{any::Any, io, net::SocketAddr, time::Duration};

use actix_web::{HttpServer, dev::Extensions, web::ServiceConfig};
use lifecycle::Lifecycle;

use crate::{app, hang_up};

/// How long requests in flight may go on after shutdown has begun, in seconds.
const DRAIN_SECONDS: u64 = 10;

/// The server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}; if another process uses it, set another address")]
pub struct ServeError {
    /// The configured address.
    address: String,
    /// The cause.
    #[source]
    source: io::Error,
}

/// Listens on `bind` and serves `routes` until `lifecycle` stops; then accepts no new connections
/// and completes the requests in flight. Returns the address, which matters for port 0.
///
/// # Errors
/// The address is in use, or is not an address of this machine.
pub fn serve(
    service: &'static str,
    bind: &str,
    lifecycle: &Lifecycle,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Result<SocketAddr, ServeError> {
    listen(service, bind, lifecycle, routes, |_, _| {})
}

/// Serves as [`serve`], and lets requests detect that their client hangs up
/// ([`HangUp`](crate::HangUp)), at the cost of a second file descriptor per connection.
///
/// # Errors
/// The address is in use, or is not an address of this machine.
pub fn serve_streams(
    service: &'static str,
    bind: &str,
    lifecycle: &Lifecycle,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Result<SocketAddr, ServeError> {
    listen(service, bind, lifecycle, routes, hang_up::watch)
}

fn listen(
    service: &'static str,
    bind: &str,
    lifecycle: &Lifecycle,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    on_connect: impl Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static,
) -> Result<SocketAddr, ServeError> {
    let failed = |source| ServeError { address: bind.to_owned(), source };
    let server = HttpServer::new(move || app(service, routes.clone()))
        .on_connect(on_connect)
        .shutdown_signal(lifecycle.token().cancelled_owned())
        .shutdown_timeout(DRAIN_SECONDS)
        .client_request_timeout(Duration::from_secs(10))
        .bind_auto_h2c(bind)
        .map_err(failed)?;
    let address = server.addrs().first().copied();
    let address = address.ok_or_else(|| failed(io::ErrorKind::AddrNotAvailable.into()))?;
    let server = server.run();
    lifecycle.spawn(
        service,
        Duration::from_secs(DRAIN_SECONDS + 5),
        async move { Ok(server.await?) },
    );
    tracing::info!(service, %address, "listening");
    Ok(address)
}
