use actix_web::{HttpMessage, HttpRequest};
use futures::{
    FutureExt,
    channel::oneshot::{self, Receiver, Sender},
    future::Shared,
};

/// Actix reads the arguments of a handler side by side. Those that read the body and the query
/// wait for the one that judges the credential, so that whom we do not let in learns nothing else,
/// and has no body read.
#[derive(Clone)]
struct Judgement(Shared<Receiver<()>>);

/// The request's credential is being judged until what this returns is dropped.
pub(crate) fn begin(request: &HttpRequest) -> Sender<()> {
    let (pending, judged) = oneshot::channel();
    request.extensions_mut().insert(Judgement(judged.shared()));
    pending
}

/// Waits until the request's credential was judged, if an earlier argument of the handler does so.
pub(crate) fn passed(request: &HttpRequest) -> impl Future<Output = ()> + use<> {
    let judgement = request.extensions().get::<Judgement>().cloned();
    async move {
        if let Some(Judgement(judged)) = judgement {
            // That nothing was sent only says that it is over.
            judged.await.unwrap_or_default();
        }
    }
}
