use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
};

use crate::Failure;

const OPEN: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n\r\n: open\n\n";
const PUBLISHED: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";

/// The longest request, in bytes.
const REQUEST: usize = 64 << 10;

/// Serves from this thread. A connection sends one request: a stream, or one frame to publish.
pub(super) fn serve(bind: &str) -> Result<(), Failure> {
    let listener = TcpListener::bind(bind)?;
    let mut streams = Vec::new();
    for connection in listener.incoming() {
        // A client that has hung up already is none.
        let _ = connection.and_then(|socket| accept(socket, &mut streams));
    }
    Ok(())
}

fn accept(mut socket: TcpStream, streams: &mut Vec<TcpStream>) -> io::Result<()> {
    let request = read(&mut socket)?;
    if let Some(frame) = request.frame() {
        let mut all = std::mem::take(streams);
        all.retain_mut(|stream| match stream.write(frame) {
            Ok(sent) => sent == frame.len(),
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        });
        *streams = all;
        return socket.write_all(PUBLISHED);
    }
    if !request.bytes.is_empty() {
        socket.set_nodelay(true)?;
        socket.write_all(OPEN)?;
        socket.set_nonblocking(true)?;
        streams.push(socket);
    }
    Ok(())
}

struct Request {
    bytes: Vec<u8>,
    /// The length of its head, in bytes.
    head: usize,
}

impl Request {
    /// Returns the body of a POST request.
    fn frame(&self) -> Option<&[u8]> {
        self.bytes.starts_with(b"POST").then(|| self.bytes.get(self.head..))?
    }
}

fn read(socket: &mut TcpStream) -> io::Result<Request> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = end + 4;
            let body = content_length(bytes.get(..end).unwrap_or_default());
            if bytes.len() >= head + body || bytes.len() > REQUEST {
                return Ok(Request { bytes, head });
            }
        }
        let count = socket.read(&mut part)?;
        if count == 0 {
            return Ok(Request { bytes: Vec::new(), head: 0 });
        }
        bytes.extend_from_slice(part.get(..count).unwrap_or_default());
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.and_then(|length| length.trim().parse().ok()).unwrap_or_default()
}
