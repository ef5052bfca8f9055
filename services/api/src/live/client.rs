use std::{io, sync::Arc};

use auth::Principal;
use bytes::Bytes;
use tokio::time::Instant;
use web::web_socket::{self, ClientMessage, CloseCode};

use super::{
    frames::{Chunk, Frame},
    open_streams::OpenStream,
    open_ticket::OpenTicket,
    order::Order,
    outlet::Outlet,
    places::Place,
    selection::Selection,
    view::Seen,
};

/// How many messages or reads of a client with a WebSocket follow each other, before it is the turn of others.
const RECEIVED_IN_A_ROW: usize = 16;

/// The number of a client of a broadcast. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientKey(pub(super) usize);

/// One open stream. There are many: keep it small.
pub(crate) struct Client {
    pub(crate) outlet: Outlet,
    pub(crate) seen: Seen,
    pub(crate) selection: Arc<Selection>,
    /// What the client did not accept yet of the last chunk. Until it does, it gets no other.
    pub(crate) unsent: Bytes,
    /// Shared by all clients with this credential.
    pub(crate) principal: Arc<Principal>,
    /// When the credential expires.
    pub(crate) ends: Option<Instant>,
    pub(crate) ticket: Option<Arc<OpenTicket>>,
    /// `None` where the body of the response has it.
    pub(crate) _open: Option<OpenStream>,
}

/// What a stream has to be entitled to: its credential, to see its campaigns.
#[derive(Clone)]
pub(crate) struct Right {
    pub(crate) principal: Arc<Principal>,
    pub(crate) selection: Arc<Selection>,
}

/// What was received from a client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// There is nothing more for now.
    Nothing,
    /// There may be more, but others come first.
    Much,
    /// An order, which counts as being obeyed until it is answered.
    Order(Order),
}

/// What a credential has lost.
pub(crate) struct Revoked {
    pub(crate) principal: Arc<Principal>,
    /// The campaigns, by number; `None` for everything.
    pub(crate) campaigns: Option<Vec<u32>>,
}

/// Why nothing is received any more from a client with a WebSocket.
pub(super) enum Hung {
    /// The connection is closed.
    Up,
    /// It is to be closed.
    Close(CloseCode),
}

impl Client {
    pub(super) fn send(&mut self, chunk: &Chunk) -> io::Result<()> {
        self.unsent = self.outlet.write(self.outlet.bytes_of(chunk))?;
        Ok(())
    }

    pub(super) fn right(&self) -> Right {
        Right { principal: self.principal.clone(), selection: self.selection.clone() }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.unsent.is_empty() && self.outlet.accepts()
    }

    /// Sends a chunk after what the client did not accept yet.
    pub(super) fn send_after(&mut self, chunk: &Chunk) -> io::Result<()> {
        if self.unsent.is_empty() {
            return self.send(chunk);
        }
        self.unsent = [self.unsent.clone(), self.outlet.bytes_of(chunk)].concat().into();
        Ok(())
    }

    pub(super) const fn has_web_socket(&self) -> bool {
        matches!(self.outlet, Outlet::WebSocket(_))
    }

    /// Renders a frame for this client.
    pub(super) fn chunk(&self, frame: &Frame) -> Chunk {
        let signed = |place: Place| match &self.ticket {
            Some(ticket) => ticket.signed(place),
            None => place.to_string(),
        };
        if self.has_web_socket() { frame.messages(signed) } else { frame.chunk(signed) }
    }

    /// Receives from a client with a WebSocket. One that does not accept its frames is not read. While an order is
    /// being obeyed, pings and the end are answered, but the next text waits.
    pub(super) fn receive(&mut self) -> Result<Incoming, Hung> {
        for _ in 0..RECEIVED_IN_A_ROW {
            let Outlet::WebSocket(web_socket) = &mut self.outlet else {
                return Ok(Incoming::Nothing);
            };
            let is_parked = web_socket.is_obeying && web_socket.parked.is_some();
            if is_parked || !self.unsent.is_empty() {
                return Ok(Incoming::Nothing);
            }
            let message = match web_socket.parked.take() {
                Some(text) => Some(ClientMessage::Text(text)),
                None => web_socket.messages.read().map_err(Hung::Close)?,
            };
            let answer = match message {
                Some(ClientMessage::Text(text)) if web_socket.is_obeying => {
                    web_socket.parked = Some(text);
                    return Ok(Incoming::Nothing);
                }
                Some(ClientMessage::Text(text)) => match Order::read(&text) {
                    Ok(order) => {
                        web_socket.is_obeying = true;
                        return Ok(Incoming::Order(order));
                    }
                    Err(problem) => self.chunk(&Frame::refusal(&problem)),
                },
                Some(ClientMessage::Ping(payload)) => Chunk::plain(web_socket::pong(&payload)),
                Some(ClientMessage::Close) => return Err(Hung::Close(CloseCode::Normal)),
                None if web_socket.receive()? => continue,
                None => return Ok(Incoming::Nothing),
            };
            self.send(&answer)?;
        }
        Ok(Incoming::Much)
    }

    pub(super) fn end(self, last: Option<&Frame>) {
        // In the middle of a chunk nothing else can be sent: the client is cut off.
        if self.unsent.is_empty() || matches!(self.outlet, Outlet::Body { .. }) {
            let last = last.map(|frame| self.chunk(frame));
            self.outlet.end(last.as_ref());
        }
    }
}

impl From<io::Error> for Hung {
    fn from(_: io::Error) -> Self {
        Self::Up
    }
}

impl Right {
    pub(super) fn is_of(&self, client: &Client) -> bool {
        Arc::ptr_eq(&self.principal, &client.principal)
            && Arc::ptr_eq(&self.selection, &client.selection)
    }
}

impl Revoked {
    pub(super) fn is_of(&self, client: &Client) -> bool {
        let has = |number: &u32| client.selection.campaigns.binary_search(number).is_ok();
        let is_lost = match &self.campaigns {
            Some(campaigns) => !client.selection.is_all && campaigns.iter().any(has),
            None => true,
        };
        is_lost && Arc::ptr_eq(&self.principal, &client.principal)
    }
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use super::*;
    use crate::live::hub::MAX_NAMED;

    #[test]
    fn a_stream_of_the_most_campaigns_takes_less_than_two_kibibytes() {
        // A table of hashes is at least half full.
        let entry = 2 * size_of::<(ClientKey, Client)>();
        let selection = size_of::<Selection>() + MAX_NAMED * size_of::<u32>();
        assert!(entry + selection < 2_048, "{entry} + {selection} bytes");
    }
}
