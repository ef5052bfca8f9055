use std::{
    io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    time::Duration,
};

use actix_http::{HttpService, error::DispatchError};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    dev::{AppConfig, Server},
    web::ServiceConfig,
};
use lifecycle::Lifecycle;
use tls::{Listener, TlsError, TlsSettings};
use tokio::{net::TcpSocket, runtime::Handle};

use crate::{
    ConnectionLimits, app,
    connection::{Acceptor, Connection, HEAD_TIMEOUT},
    connections::Connections,
};

/// How long requests in flight may go on after shutdown has begun, in seconds.
const DRAIN_SECONDS: u64 = 10;
/// How long a client may take to close a connection that the server has closed.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How many new connections may wait until they are accepted.
const BACKLOG: u32 = 1024;

/// The server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be used.
    #[error("cannot listen on {address}; if another process uses it, set another address")]
    Address {
        /// The configured address.
        address: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The certificates cannot be used.
    #[error("cannot serve TLS on {address}")]
    Certificates {
        /// The configured address.
        address: String,
        /// The cause.
        #[source]
        source: TlsError,
    },
}

/// Does the same as [`serve_tls`] without TLS.
///
/// # Errors
/// The address is in use, or is not an address of this machine.
pub fn serve(
    service: &'static str,
    bind: &str,
    limits: ConnectionLimits,
    lifecycle: &Lifecycle,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Result<SocketAddr, ServeError> {
    serve_tls(service, bind, limits, &TlsSettings::default(), lifecycle, routes)
}

/// Listens on `bind` and serves `routes` until `lifecycle` stops; then accepts no new connections
/// and completes the requests in flight. Connections of HTTP/1 without one are closed at once. Returns the
/// address, which matters for port 0. With a certificate in `tls`, it serves HTTPS only.
///
/// Handlers can detect that their client hangs up ([`HangUp`](crate::HangUp)) and take its socket
/// ([`HandOver`](crate::HandOver)); no connection waits for ever. [`HttpServer`](actix_web::HttpServer)
/// allows neither. So this makes what it makes, a service per worker that accepts connections, around
/// a connection of its own type.
///
/// # Errors
/// The address is in use, or is not an address of this machine; or the certificates cannot be used.
pub fn serve_tls(
    service: &'static str,
    bind: &str,
    limits: ConnectionLimits,
    tls: &TlsSettings,
    lifecycle: &Lifecycle,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Result<SocketAddr, ServeError> {
    let failed = |source| ServeError::Address { address: bind.to_owned(), source };
    let tls = Listener::new(tls)
        .map_err(|source| ServeError::Certificates { address: bind.to_owned(), source })?;
    let listeners = listen(bind).map_err(failed)?;
    let address = listeners.first().map(TcpListener::local_addr);
    let address = address.unwrap_or(Err(io::ErrorKind::AddrNotAvailable.into())).map_err(failed)?;
    let acceptor = Acceptor {
        connections: Connections::new(limits.per_address),
        keep_alive: limits.keep_alive,
        tls,
        runtime: Handle::current(),
    };
    let mut server = Server::build()
        .shutdown_signal(lifecycle.token().cancelled_owned())
        .shutdown_timeout(DRAIN_SECONDS);
    for listener in listeners {
        let shutdown = server.graceful_shutdown_signal();
        let routes = routes.clone();
        let acceptor = acceptor.clone();
        let worker = move || {
            let shutdown = shutdown.clone();
            let acceptor = acceptor.clone();
            let app = app(service, routes.clone()).into_factory();
            let app = app.map_err(|error| error.error_response());
            let http = HttpService::build()
                .keep_alive(limits.keep_alive)
                .client_request_timeout(HEAD_TIMEOUT)
                .client_disconnect_timeout(DISCONNECT_TIMEOUT)
                .local_addr(address)
                .on_connect_ext(|connection: &Connection, data| connection.register(data))
                .graceful_shutdown_signal(move || {
                    let shutdown = shutdown.clone();
                    async move { shutdown.notified().await }
                })
                .finish(map_config(app, |()| AppConfig::default()));
            fn_service(move |socket| {
                let acceptor = acceptor.clone();
                async move {
                    Connection::accept(socket, &acceptor).await.map_err(DispatchError::Io)
                }
            })
            .and_then(http)
        };
        server = server.listen(service, listener, worker).map_err(failed)?;
    }
    run(service, address, server.run(), lifecycle);
    Ok(address)
}

/// Listens on every address of `bind` that can be bound.
fn listen(bind: &str) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    let mut failure = io::ErrorKind::AddrNotAvailable.into();
    for address in bind.to_socket_addrs()? {
        match listen_on(address) {
            Ok(listener) => listeners.push(listener),
            Err(error) => failure = error,
        }
    }
    if listeners.is_empty() { Err(failure) } else { Ok(listeners) }
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

fn run(service: &'static str, address: SocketAddr, server: Server, lifecycle: &Lifecycle) {
    lifecycle.spawn(
        service,
        Duration::from_secs(DRAIN_SECONDS + 5),
        async move { Ok(server.await?) },
    );
    tracing::info!(service, %address, "listening");
}
