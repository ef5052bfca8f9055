use std::{io, pin::Pin, sync::Arc};

use openssl::{
    ssl::{AlpnError, Ssl, SslAcceptor, SslMethod, SslVerifyMode, select_next_proto},
    x509::store::X509StoreBuilder,
};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use crate::{Reloading, TlsError, TlsSettings, files::Identity};

/// A client's connection over TLS.
pub type TlsStream = SslStream<TcpStream>;

/// The protocols that a listener offers (ALPN), the preferred one first: each with its length before it.
const PROTOCOLS: &[u8] = b"\x02h2\x08http/1.1";
/// Sessions are resumed by this service only. OpenSSL needs one to resume those with certificates of clients.
const SESSION_CONTEXT: &[u8] = b"footfall";

/// What turns accepted sockets into connections over TLS 1.2 or later. Clones share it.
#[derive(Clone, Debug)]
pub struct Listener(Arc<Reloading<SslAcceptor>>);

impl Listener {
    /// Reads the certificates; `None` if the settings name none: the listener then has no TLS.
    ///
    /// # Errors
    /// A file cannot be read, or does not hold what it must.
    pub fn new(settings: &TlsSettings) -> Result<Option<Self>, TlsError> {
        if settings.certificate_file.as_os_str().is_empty() {
            return Ok(None);
        }
        Ok(Some(Self(Arc::new(Reloading::new(settings, acceptor)?))))
    }

    /// Shakes hands with a client. The certificates are those that the files hold now, give or take a second.
    ///
    /// # Errors
    /// The client does not speak TLS, trusts another certificate, or shows none that is trusted.
    pub async fn accept(&self, socket: TcpStream) -> io::Result<TlsStream> {
        let acceptor = self.0.current();
        let session = Ssl::new(acceptor.context()).map_err(io::Error::other)?;
        let mut stream = SslStream::new(session, socket).map_err(io::Error::other)?;
        Pin::new(&mut stream).accept().await.map_err(io::Error::other)?;
        Ok(stream)
    }
}

fn acceptor(settings: &TlsSettings) -> Result<SslAcceptor, TlsError> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_session_id_context(SESSION_CONTEXT)?;
    builder.set_alpn_select_callback(|_, offered| {
        select_next_proto(PROTOCOLS, offered).ok_or(AlpnError::NOACK)
    });
    if let Some(Identity { chain, key }) = settings.identity()? {
        let mut chain = chain.into_iter();
        if let Some(own) = chain.next() {
            builder.set_certificate(&own)?;
        }
        for next in chain {
            builder.add_extra_chain_cert(next)?;
        }
        builder.set_private_key(&key)?;
    }
    if let Some(trusted) = settings.trusted()? {
        let mut store = X509StoreBuilder::new()?;
        for certificate in trusted {
            builder.add_client_ca(&certificate)?;
            store.add_cert(certificate)?;
        }
        builder.set_cert_store(store.build());
        builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    }
    Ok(builder.build())
}
