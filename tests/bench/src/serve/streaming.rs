use actix_web::{
    App, HttpResponse, HttpServer,
    web::{Bytes, Data, get, post},
};
use futures::stream::unfold;
use tokio::sync::broadcast::{Sender, channel, error::RecvError};

use crate::Failure;

/// Frames that a slow stream may be behind.
const BEHIND: usize = 16;

/// Serves on as many threads as there are cores.
pub(super) async fn serve(bind: &str) -> Result<(), Failure> {
    let (frames, _) = channel::<Bytes>(BEHIND);
    let frames = Data::new(frames);
    let routes = move || {
        let app = App::new().app_data(frames.clone());
        app.route("/", get().to(stream)).route("/", post().to(publish))
    };
    Ok(HttpServer::new(routes).bind(bind)?.run().await?)
}

async fn stream(frames: Data<Sender<Bytes>>) -> HttpResponse {
    let first = Bytes::from_static(b": open\n\n");
    let state = (Some(first), frames.subscribe());
    let body = unfold(state, async |(first, mut frames)| {
        let frame = match first {
            Some(first) => first,
            None => loop {
                match frames.recv().await {
                    Ok(frame) => break frame,
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            },
        };
        Some((Ok::<_, actix_web::Error>(frame), (None, frames)))
    });
    HttpResponse::Ok().content_type("text/event-stream").streaming(Box::pin(body))
}

async fn publish(frames: Data<Sender<Bytes>>, frame: Bytes) -> HttpResponse {
    let receivers = frames.send(frame).unwrap_or_default();
    HttpResponse::Accepted().body(receivers.to_string())
}
