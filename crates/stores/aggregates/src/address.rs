use std::{io, sync::Arc};

use redis::{Client, ClientTlsConfig, RedisResult, TlsCertificates};
use settings::Secret;
use tls::{ClientPem, Reloading, TlsSettings};

use crate::RedisSettings;

/// Where Redis is, and the certificates for the link. Clones share them.
#[derive(Clone)]
pub(crate) struct Address {
    url: Secret,
    /// `None` without TLS.
    certificates: Option<Arc<Reloading<ClientPem>>>,
}

impl Address {
    /// Reads the certificates.
    ///
    /// # Errors
    /// They cannot be used.
    pub(crate) fn new(settings: &RedisSettings) -> RedisResult<Self> {
        let read = || Reloading::new(&settings.tls, TlsSettings::client_pem);
        let certificates = settings.has_tls().then(read).transpose().map_err(io::Error::other)?;
        Ok(Self { url: settings.url.clone(), certificates: certificates.map(Arc::new) })
    }

    /// Returns the certificates that the files hold now; `None` without TLS.
    pub(crate) fn certificates(&self) -> Option<ClientPem> {
        self.certificates.as_ref().map(|certificates| certificates.current())
    }

    /// Returns a client that connects with these certificates.
    ///
    /// # Errors
    /// The URL is not a Redis URL.
    pub(crate) fn client(&self, certificates: Option<ClientPem>) -> RedisResult<Client> {
        let url = self.url.expose();
        let Some(ClientPem { ca, identity }) = certificates else { return Client::open(url) };
        let client_tls =
            identity.map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key });
        Client::build_with_tls(url, TlsCertificates { client_tls, root_cert: ca })
    }
}
