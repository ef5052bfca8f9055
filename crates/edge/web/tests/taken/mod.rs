//! A handler that takes its client's socket, and what the client reads from the taker.

use std::{
    net::TcpStream,
    sync::mpsc::{Receiver, Sender},
    time::Duration,
};

use actix_web::{HttpRequest, HttpResponse, web::Data};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};
use web::HandOver;

/// Hands the socket to the receiver, or answers `kept` where the server keeps it.
pub(crate) async fn take(request: HttpRequest, taken: Data<Sender<TcpStream>>) -> HttpResponse {
    match HandOver::of(&request) {
        Some(hand_over) => {
            let taken = taken.get_ref().clone();
            HttpResponse::Ok().body(hand_over.body(move |socket| taken.send(socket).unwrap()))
        }
        None => HttpResponse::Ok().body("kept"),
    }
}

/// Waits without blocking the runtime.
pub(crate) async fn next<T>(received: &Receiver<T>) -> T {
    loop {
        if let Ok(value) = received.try_recv() {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Reads up to and including `mark`.
pub(crate) async fn read_until(client: &mut (impl AsyncRead + Unpin), mark: &str) -> String {
    let mut text = String::new();
    let read = async {
        while !text.ends_with(mark) {
            text.push(client.read_u8().await.unwrap().into());
        }
    };
    timeout(Duration::from_secs(10), read).await.expect("within ten seconds");
    text
}
