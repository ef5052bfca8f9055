use std::net::SocketAddr;

use serde_json::Value as Json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Failure;

/// The least room for the next read, in bytes.
const ROOM: usize = 16 << 10;

/// A persistent connection that sends one request after the other.
pub(crate) struct Connection {
    socket: TcpStream,
    /// What was read and not taken yet.
    unread: Vec<u8>,
}

/// The head of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// The length of head and body, in bytes.
    length: usize,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nothing listens there.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, unread: Vec::with_capacity(ROOM) })
    }

    /// Sends a request and reads its answer to the end; returns the status.
    ///
    /// # Errors
    /// The connection ends, or the answer has no length.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<u16, Failure> {
        self.socket.write_all(request).await?;
        self.unread.clear();
        let mut head = None;
        loop {
            self.unread.reserve(ROOM);
            if self.socket.read_buf(&mut self.unread).await? == 0 {
                return Err("the server closed the connection".into());
            }
            if head.is_none() {
                head = parse(&self.unread)?;
            }
            if let Some(head) = head
                && self.unread.len() >= head.length
            {
                return Ok(head.status);
            }
        }
    }

    /// Sends a request and returns the JSON of its answer.
    ///
    /// # Errors
    /// The connection ends, the status is not 200, or the body is no JSON.
    pub(crate) async fn ask_json(&mut self, request: &[u8]) -> Result<Json, Failure> {
        let status = self.ask(request).await?;
        let answer = String::from_utf8_lossy(self.answer());
        let (_, body) = answer.split_once("\r\n\r\n").ok_or("an answer without a head")?;
        match status {
            200 => Ok(serde_json::from_str(body)?),
            _ => Err(format!("{status}: {body}").into()),
        }
    }

    /// Returns the last answer, head and body.
    pub(crate) fn answer(&self) -> &[u8] {
        &self.unread
    }
}

/// Reads the head of an answer; `None` while it is incomplete.
fn parse(bytes: &[u8]) -> Result<Option<Head>, Failure> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(bytes.get(..end).unwrap_or_default())?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("no status")?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    });
    let body = length.ok_or_else(|| format!("an answer without a length:\n{head}"))??;
    Ok(Some(Head { status: status.parse()?, length: end + 4 + body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_an_answer_includes_its_head() {
        let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 3\r\n\r\nabc";
        let head = parse(answer).unwrap().unwrap();
        assert_eq!(head, Head { status: 202, length: answer.len() });
    }

    #[test]
    fn an_incomplete_head_is_read_again_and_one_without_a_length_is_an_error() {
        assert_eq!(parse(b"HTTP/1.1 202 Acc").unwrap(), None);
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
