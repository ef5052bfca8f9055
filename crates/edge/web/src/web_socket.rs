//! WebSockets (RFC 6455): the handshake, and the frames of both sides.

use actix_http::ws::{self, OpCode, Parser, ProtocolError};
use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web::{Bytes, BytesMut},
};
use problem::{Code, Problem};

use crate::is_head;

/// The most bytes of a message of a client.
const MAX_MESSAGE: usize = 64 * 1024;
/// The most bytes that precede the payload of a frame.
const MAX_FRAME_HEAD: usize = 14;

/// Why a WebSocket is closed.
pub use actix_http::ws::CloseCode;

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// A text.
    Text(String),
    /// To be answered with [`pong`].
    Ping(Bytes),
    /// The client closes the connection.
    Close,
}

/// Reads the messages of one client. Takes no memory while there is no part of a message.
#[derive(Debug, Default)]
pub struct ClientMessages {
    received: BytesMut,
    /// A text of several frames, as far as it was received.
    text: Option<BytesMut>,
}

impl ClientMessages {
    /// Adds bytes that were received.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    /// Returns the next message; `None` until more was received.
    ///
    /// # Errors
    /// The client broke the protocol, or sends what is not expected of it: close the connection with
    /// this code.
    pub fn read(&mut self) -> Result<Option<ClientMessage>, CloseCode> {
        loop {
            let parsed = Parser::parse(&mut self.received, true, MAX_MESSAGE);
            let Some((is_last, kind, payload)) = parsed.map_err(code_of)? else {
                if self.received.len() > MAX_FRAME_HEAD + MAX_MESSAGE {
                    return Err(CloseCode::Size);
                }
                if self.received.is_empty() {
                    self.received = BytesMut::new();
                }
                return Ok(None);
            };
            let payload = payload.unwrap_or_default();
            let is_control = matches!(kind, OpCode::Ping | OpCode::Pong | OpCode::Close);
            if is_control && !is_last {
                return Err(CloseCode::Protocol);
            }
            let mut text = match (kind, self.text.take()) {
                (OpCode::Ping, text) => {
                    self.text = text;
                    return Ok(Some(ClientMessage::Ping(payload.freeze())));
                }
                (OpCode::Pong, text) => {
                    self.text = text;
                    continue;
                }
                (OpCode::Close, _) => return Ok(Some(ClientMessage::Close)),
                (OpCode::Text, None) => BytesMut::new(),
                (OpCode::Continue, Some(begun)) => begun,
                (OpCode::Binary, None) => return Err(CloseCode::Unsupported),
                _ => return Err(CloseCode::Protocol),
            };
            if text.len() + payload.len() > MAX_MESSAGE {
                return Err(CloseCode::Size);
            }
            text.extend_from_slice(&payload);
            if is_last {
                let text = String::from_utf8(text.into()).map_err(|_| CloseCode::Invalid)?;
                return Ok(Some(ClientMessage::Text(text)));
            }
            self.text = Some(text);
        }
    }
}

fn code_of(error: ProtocolError) -> CloseCode {
    match error {
        ProtocolError::Overflow => CloseCode::Size,
        _ => CloseCode::Protocol,
    }
}

/// Returns the frame of a text.
pub fn text(payload: &[u8]) -> Bytes {
    frame(payload, OpCode::Text)
}

/// Returns a frame that the client answers, so that proxies see that the connection is in use.
pub fn ping() -> Bytes {
    frame(&[], OpCode::Ping)
}

/// Returns the answer to a ping.
pub fn pong(payload: &[u8]) -> Bytes {
    frame(payload, OpCode::Pong)
}

/// Returns the last frame.
pub fn close(code: CloseCode) -> Bytes {
    frame(&u16::from(code).to_be_bytes(), OpCode::Close)
}

fn frame(payload: &[u8], kind: OpCode) -> Bytes {
    let mut bytes = BytesMut::with_capacity(payload.len() + MAX_FRAME_HEAD);
    Parser::write_message(&mut bytes, payload, kind, true, false);
    bytes.freeze()
}

/// Begins the response to a handshake: take the socket as its body with a
/// [`HandOver`](crate::HandOver).
///
/// # Errors
/// The request is no handshake. Nor is one with HEAD, which reads like GET here.
pub fn switch_protocols(request: &HttpRequest) -> Result<HttpResponseBuilder, Problem> {
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).filter(|_| !is_head(request));
    let (Ok(()), Some(key)) = (ws::verify_handshake(request.head()), key) else {
        let detail = "Open this address as a WebSocket of version 13, over HTTP/1.1.";
        return Err(Problem::new(Code::MalformedRequest, detail));
    };
    let accepted = HeaderValue::from_bytes(&ws::hash_key(key.as_bytes()));
    let mut response = HttpResponse::build(StatusCode::SWITCHING_PROTOCOLS);
    response
        .upgrade("websocket")
        .insert_header((header::SEC_WEBSOCKET_ACCEPT, accepted.map_err(Problem::internal)?));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a client's frame.
    fn sent(payload: &[u8], kind: OpCode, is_last: bool) -> BytesMut {
        let mut bytes = BytesMut::new();
        Parser::write_message(&mut bytes, payload, kind, is_last, true);
        bytes
    }

    fn text_of(payload: &'static str) -> Option<ClientMessage> {
        Some(ClientMessage::Text(payload.to_owned()))
    }

    #[test]
    fn messages_are_read_however_their_bytes_arrive() {
        let mut messages = ClientMessages::default();
        let mut bytes = sent(b"one", OpCode::Text, true);
        // The first byte of a character of two.
        bytes.extend(sent(b"tw\xc3", OpCode::Text, false));
        bytes.extend(sent(b"!", OpCode::Ping, true));
        bytes.extend(sent(b"\xb6", OpCode::Continue, true));
        bytes.extend(sent(b"", OpCode::Close, true));
        let mut read = Vec::new();
        for byte in bytes {
            messages.receive(&[byte]);
            read.extend(messages.read().unwrap());
        }
        let ping = ClientMessage::Ping(Bytes::from_static(b"!"));
        let expected = [text_of("one"), Some(ping), text_of("twö"), Some(ClientMessage::Close)];
        assert_eq!(read, expected.into_iter().flatten().collect::<Vec<_>>());
        assert_eq!(messages.read().unwrap(), None);
        assert_eq!(messages.received.capacity(), 0, "nothing is kept");
    }

    #[test]
    fn what_no_client_has_to_send_closes_the_connection() {
        let large = vec![b'a'; MAX_MESSAGE];
        let mut unmasked = BytesMut::new();
        Parser::write_message(&mut unmasked, b"x", OpCode::Text, true, false);
        let mut endless = sent(&large, OpCode::Text, false);
        endless.extend(sent(b"a", OpCode::Continue, true));
        for (bytes, code) in [
            (unmasked, CloseCode::Protocol),
            (sent(b"x", OpCode::Binary, true), CloseCode::Unsupported),
            (sent(b"x", OpCode::Continue, true), CloseCode::Protocol),
            (sent(&[large.as_slice(), b"a"].concat(), OpCode::Text, true), CloseCode::Size),
            (endless, CloseCode::Size),
            (sent(b"\xff", OpCode::Text, true), CloseCode::Invalid),
            (sent(b"", OpCode::Ping, false), CloseCode::Protocol),
            (sent(b"", OpCode::Pong, false), CloseCode::Protocol),
            (sent(b"", OpCode::Close, false), CloseCode::Protocol),
            (sent(&[0; 126], OpCode::Ping, true), CloseCode::Protocol),
        ] {
            let mut messages = ClientMessages::default();
            messages.receive(&bytes);
            assert_eq!(messages.read(), Err(code));
        }
    }

    #[test]
    fn a_message_that_never_ends_is_not_collected() {
        let mut messages = ClientMessages::default();
        // A frame of 2^40 bytes.
        messages.receive(&[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
        assert_eq!(messages.read(), Ok(None));
        messages.receive(&vec![0; MAX_MESSAGE + 1]);
        assert_eq!(messages.read(), Err(CloseCode::Size));
    }

    #[test]
    fn frames_of_the_server_are_not_masked() {
        assert_eq!(text(b"hi"), &b"\x81\x02hi"[..]);
        assert_eq!(ping(), &b"\x89\x00"[..]);
        assert_eq!(pong(b"x"), &b"\x8a\x01x"[..]);
        assert_eq!(close(CloseCode::Policy), &b"\x88\x02\x03\xf0"[..]);
    }
}
