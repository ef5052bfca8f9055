use actix_web::{HttpMessage, HttpRequest};
use futures::{
    FutureExt,
    channel::oneshot::{self, Receiver, Sender},
    future::Shared,
};

/// The running check of a request's credential. Actix extracts the arguments of a handler
/// concurrently. The body and the query wait for this check, so that a refused client gets no
/// other error and its body is not read.
#[derive(Clone)]
struct CredentialCheck(Shared<Receiver<()>>);

/// Begins the check of the request's credential; dropping the result ends it.
pub(crate) fn begin(request: &HttpRequest) -> Sender<()> {
    let (running, ended) = oneshot::channel();
    request.extensions_mut().insert(CredentialCheck(ended.shared()));
    running
}

/// Returns the end of the check of the request's credential, if an earlier argument of the handler
/// runs one.
pub(crate) fn running(request: &HttpRequest) -> Option<impl Future<Output = ()> + use<>> {
    let CredentialCheck(ended) = request.extensions().get::<CredentialCheck>()?.clone();
    // Nothing is ever sent: the error means that the check has ended.
    Some(async move { ended.await.unwrap_or_default() })
}
