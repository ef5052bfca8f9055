//! Connections to ClickHouse over TLS.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use clickhouse::Client;
use hyper_tls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client as HttpClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use settings::InvalidSetting;
use tls::{Reloading, TlsConnector, TlsError, TlsSettings};
use tower_service::Service;

/// How often an idle connection proves that it is alive, and how long it is kept: as the driver does without TLS.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// What all clusters have in common: section `clickhouse`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClickHouseSettings {
    /// Certificates, for the clusters whose address begins with `https://`.
    pub tls: TlsSettings,
}

impl ClickHouseSettings {
    /// Checks the certificates.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        self.tls.validate_link("clickhouse.tls")
    }
}

/// Opens connections over TLS with the certificates that the files hold then. Clones share them.
#[derive(Clone)]
pub(crate) struct Connector {
    http: HttpConnector,
    tls: Arc<Reloading<TlsConnector>>,
}

impl Connector {
    /// Reads the certificates.
    ///
    /// # Errors
    /// They cannot be used.
    pub(crate) fn new(settings: &TlsSettings) -> Result<Self, TlsError> {
        let mut http = HttpConnector::new();
        http.set_keepalive(Some(TCP_KEEPALIVE));
        http.enforce_http(false);
        let tls = Reloading::new(settings, TlsSettings::connector)?;
        Ok(Self { http, tls: Arc::new(tls) })
    }

    /// Returns a client with a pool of such connections.
    pub(crate) fn client(&self) -> Client {
        let pool = HttpClient::builder(TokioExecutor::new())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .build(self.clone());
        Client::with_http_client(pool)
    }

    fn present(&self) -> HttpsConnector<HttpConnector> {
        let mut connector = HttpsConnector::from((self.http.clone(), self.tls.current().into()));
        connector.https_only(true);
        connector
    }
}

/// What the pool asks for a connection to an address.
impl<A> Service<A> for Connector
where
    HttpsConnector<HttpConnector>: Service<A>,
{
    type Response = <HttpsConnector<HttpConnector> as Service<A>>::Response;
    type Error = <HttpsConnector<HttpConnector> as Service<A>>::Error;
    type Future = <HttpsConnector<HttpConnector> as Service<A>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<A>::poll_ready(&mut self.present(), context)
    }

    fn call(&mut self, address: A) -> Self::Future {
        Service::<A>::call(&mut self.present(), address)
    }
}
