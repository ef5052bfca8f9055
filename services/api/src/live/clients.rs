use std::{
    collections::{HashMap, HashSet},
    io,
    sync::Arc,
    time::Duration,
};

use auth::{Principal, Subject};
use bytes::Bytes;
use tokio::{task::yield_now, time::Instant};
use web::web_socket::{self, ClientMessage, CloseCode};

use super::{
    frames::{Chunk, Frame, HEARTBEAT},
    open_streams::OpenStream,
    open_ticket::OpenTicket,
    order::Order,
    outlet::Outlet,
    places::Place,
    selection::{Selection, SelectionKey},
    sockets::{Ready, Sockets},
    view::{Seen, Version},
    views::{Rendered, Views},
};

/// How many messages or reads of a client with a WebSocket follow each other, before others are heard.
const HEARD_IN_A_ROW: usize = 16;
/// Between two subscriptions of a client, each of which reads a snapshot.
const SUBSCRIBE_EVERY: Duration = Duration::from_secs(1);
/// After how many clients other tasks may run.
const WRITES_IN_A_ROW: usize = 64;

/// The number of a client of a broadcast. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientKey(pub(super) usize);

/// What sending frames to all clients resulted in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// The version that every client has.
    pub(crate) everyone_has: Version,
    /// Whether any client got a frame.
    pub(crate) any: bool,
}

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

/// What was heard of a client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
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

/// Why a client with a WebSocket is not heard any more.
enum Hung {
    /// The connection is closed.
    Up,
    /// It is to be closed.
    Close(CloseCode),
}

/// The open streams of one broadcast.
pub(crate) struct Clients {
    sockets: Sockets,
    clients: HashMap<ClientKey, Client>,
    /// The principals of the clients, once each.
    principals: HashMap<Subject, Vec<Arc<Principal>>>,
    /// When the first credential expires, or earlier.
    ends: Option<Instant>,
    tickets: usize,
}

impl Client {
    fn send(&mut self, chunk: &Chunk) -> io::Result<()> {
        self.unsent = self.outlet.write(self.outlet.bytes_of(chunk))?;
        Ok(())
    }

    fn right(&self) -> Right {
        Right { principal: self.principal.clone(), selection: self.selection.clone() }
    }

    fn is_idle(&self) -> bool {
        self.unsent.is_empty() && self.outlet.accepts()
    }

    /// Sends a chunk after what the client did not accept yet.
    fn send_after(&mut self, chunk: &Chunk) -> io::Result<()> {
        if self.unsent.is_empty() {
            return self.send(chunk);
        }
        self.unsent = [self.unsent.clone(), self.outlet.bytes_of(chunk)].concat().into();
        Ok(())
    }

    const fn has_web_socket(&self) -> bool {
        matches!(self.outlet, Outlet::WebSocket(_))
    }

    /// Renders a frame for this client.
    fn chunk(&self, frame: &Frame) -> Chunk {
        let signed = |place: Place| match &self.ticket {
            Some(ticket) => ticket.signed(place),
            None => place.to_string(),
        };
        if self.has_web_socket() { frame.messages(signed) } else { frame.chunk(signed) }
    }

    /// Hears a client with a WebSocket. One that does not accept its frames is not read. While an order is
    /// being obeyed, pings and the end are answered, but the next text waits.
    fn hear(&mut self) -> Result<Heard, Hung> {
        for _ in 0..HEARD_IN_A_ROW {
            let Outlet::WebSocket(web_socket) = &mut self.outlet else { return Ok(Heard::Nothing) };
            let is_parked = web_socket.is_obeying && web_socket.parked.is_some();
            if is_parked || !self.unsent.is_empty() {
                return Ok(Heard::Nothing);
            }
            let message = match web_socket.parked.take() {
                Some(text) => Some(ClientMessage::Text(text)),
                None => web_socket.messages.read().map_err(Hung::Close)?,
            };
            let answer = match message {
                Some(ClientMessage::Text(text)) if web_socket.is_obeying => {
                    web_socket.parked = Some(text);
                    return Ok(Heard::Nothing);
                }
                Some(ClientMessage::Text(text)) => match Order::read(&text) {
                    Ok(order) => {
                        web_socket.is_obeying = true;
                        return Ok(Heard::Order(order));
                    }
                    Err(problem) => self.chunk(&Frame::refusal(&problem)),
                },
                Some(ClientMessage::Ping(payload)) => Chunk::plain(web_socket::pong(&payload)),
                Some(ClientMessage::Close) => return Err(Hung::Close(CloseCode::Normal)),
                None if web_socket.receive()? => continue,
                None => return Ok(Heard::Nothing),
            };
            self.send(&answer)?;
        }
        Ok(Heard::Much)
    }

    fn end(self, last: Option<&Frame>) {
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
    fn is_of(&self, client: &Client) -> bool {
        Arc::ptr_eq(&self.principal, &client.principal)
            && Arc::ptr_eq(&self.selection, &client.selection)
    }
}

impl Revoked {
    fn is_of(&self, client: &Client) -> bool {
        let has = |number: &u32| client.selection.campaigns.binary_search(number).is_ok();
        let is_lost = match &self.campaigns {
            Some(campaigns) => !client.selection.is_all && campaigns.iter().any(has),
            None => true,
        };
        is_lost && Arc::ptr_eq(&self.principal, &client.principal)
    }
}

impl Clients {
    /// Creates an empty set.
    ///
    /// # Errors
    /// The process has too many files open.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            sockets: Sockets::new()?,
            clients: HashMap::new(),
            principals: HashMap::new(),
            ends: None,
            tickets: 0,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Returns whether every client accepted all of what it was sent.
    #[cfg(test)]
    pub(crate) fn is_all_sent(&self) -> bool {
        self.clients.values().all(|client| client.unsent.is_empty())
    }

    /// Returns when the next credential expires; or earlier, if that client has left.
    pub(crate) const fn next_end(&self) -> Option<Instant> {
        self.ends
    }

    /// Returns whether a client has a ticket.
    pub(crate) const fn has_tickets(&self) -> bool {
        self.tickets > 0
    }

    /// Adds a client and sends the beginning of its stream.
    pub(crate) fn join(&mut self, key: ClientKey, mut client: Client, beginning: &Frame) {
        client.principal = self.shared(client.principal);
        self.ends = [self.ends, client.ends].into_iter().flatten().min();
        self.tickets += usize::from(client.ticket.is_some());
        let watched = match &mut client.outlet {
            Outlet::Socket(socket) => self.sockets.watch(socket, key),
            Outlet::WebSocket(web_socket) => self.sockets.watch(&mut web_socket.socket, key),
            Outlet::Body { .. } => Ok(()),
        };
        let began = watched.and_then(|()| client.send(&client.chunk(beginning)));
        self.clients.insert(key, client);
        if began.is_err() {
            self.remove(key);
        }
    }

    /// Returns the equal principal that another client has, if there is one.
    fn shared(&mut self, principal: Arc<Principal>) -> Arc<Principal> {
        let known = self.principals.entry(principal.subject.clone()).or_default();
        match known.iter().find(|known| **known == principal) {
            Some(known) => known.clone(),
            None => {
                known.push(principal.clone());
                principal
            }
        }
    }

    /// Returns every right once.
    pub(crate) fn rights(&mut self) -> Vec<Right> {
        self.principals.retain(|_, known| {
            known.retain(|principal| Arc::strong_count(principal) > 1);
            !known.is_empty()
        });
        let mut rights = HashMap::new();
        for client in self.clients.values() {
            let key = (Arc::as_ptr(&client.principal), client.selection.key());
            rights.entry(key).or_insert_with(|| client.right());
        }
        rights.into_values().collect()
    }

    /// Gives the streams with a right another selection.
    pub(crate) fn select(&mut self, right: &Right, selection: &Arc<Selection>) {
        for client in self.clients.values_mut().filter(|client| right.is_of(client)) {
            client.selection = selection.clone();
        }
    }

    /// Returns every client's ticket.
    pub(crate) fn tickets(&self) -> Vec<(ClientKey, Arc<OpenTicket>)> {
        let with_ticket =
            |(key, client): (&ClientKey, &Client)| Some((*key, client.ticket.clone()?));
        self.clients.iter().filter_map(with_ticket).collect()
    }

    fn remove(&mut self, key: ClientKey) -> Option<Client> {
        let client = self.clients.remove(&key)?;
        self.tickets -= usize::from(client.ticket.is_some());
        if self.clients.capacity() > 64 && self.clients.len() < self.clients.capacity() / 4 {
            self.clients.shrink_to_fit();
        }
        Some(client)
    }

    /// Hears a client. One that closes its connection, or breaks the protocol, is removed.
    pub(crate) fn hear(&mut self, key: ClientKey) -> Heard {
        match self.clients.get_mut(&key).map(Client::hear) {
            Some(Ok(heard)) => heard,
            Some(Err(hung)) => {
                if let (Some(client), Hung::Close(code)) = (self.remove(key), hung) {
                    client.outlet.close(code);
                }
                Heard::Nothing
            }
            None => Heard::Nothing,
        }
    }

    /// Returns whether a client may subscribe at `now`. If so, it may again only later.
    pub(crate) fn may_subscribe(&mut self, key: ClientKey, now: Instant) -> bool {
        let client = self.clients.get_mut(&key);
        let Some(Client { outlet: Outlet::WebSocket(web_socket), .. }) = client else {
            return false;
        };
        let may = web_socket.next_subscription.is_none_or(|next| next <= now);
        if may {
            web_socket.next_subscription = Some(now + SUBSCRIBE_EVERY);
        }
        may
    }

    /// Returns what a client is entitled to.
    pub(crate) fn right(&self, key: ClientKey) -> Option<Right> {
        self.clients.get(&key).map(Client::right)
    }

    /// Answers an order: with the campaigns that the client has now, if that changes, and with a frame.
    pub(crate) fn answer(
        &mut self,
        key: ClientKey,
        selection: Option<Arc<Selection>>,
        frame: Option<&Frame>,
    ) {
        let Some(client) = self.clients.get_mut(&key) else { return };
        if let Outlet::WebSocket(web_socket) = &mut client.outlet {
            web_socket.is_obeying = false;
        }
        if let Some(selection) = selection {
            client.selection = selection;
        }
        let chunk = frame.map(|frame| client.chunk(frame));
        if chunk.is_some_and(|chunk| client.send_after(&chunk).is_err()) {
            self.remove(key);
        }
    }

    /// Waits until something happens to a socket. May be dropped and called again.
    pub(crate) async fn ready(&mut self) -> io::Result<Vec<Ready>> {
        self.sockets.ready().await
    }

    /// Removes a client that closed its connection.
    pub(crate) fn hung_up(&mut self, key: ClientKey) {
        self.remove(key);
    }

    /// Sends what a client did not accept before. Returns whether it now lacks frames.
    pub(crate) fn accepts_again(&mut self, key: ClientKey, version: Version) -> bool {
        let Some(client) = self.clients.get_mut(&key) else { return false };
        if let Outlet::Body { is_waiting, .. } = &mut client.outlet {
            *is_waiting = true;
        }
        if !client.unsent.is_empty() {
            match client.outlet.write(std::mem::take(&mut client.unsent)) {
                Ok(rest) => client.unsent = rest,
                Err(_) => {
                    self.remove(key);
                    return false;
                }
            }
        }
        client.is_idle() && client.seen.version < version
    }

    /// Sends every client what it lacks. A client that does not accept bytes gets nothing now, and
    /// one frame with all of it later.
    pub(crate) async fn send_frames(&mut self, views: &Views) -> Sent {
        // The frame, as a chunk, and as messages once a WebSocket needs them.
        type Next = (Seen, Option<(Frame, Chunk, Option<Chunk>)>);
        let mut frames: HashMap<(Seen, SelectionKey), Next> = HashMap::new();
        let mut rendered = Rendered::new();
        let mut everyone_has = views.version();
        let mut closed = Vec::new();
        let mut writes = 0;
        for (key, client) in &mut self.clients {
            if client.seen.version < views.version() && client.is_idle() {
                let next = frames.entry((client.seen, client.selection.key()));
                let (seen, frame) = next.or_insert_with(|| {
                    let (seen, frame) = views.since(client.seen, &client.selection, &mut rendered);
                    let with_chunk = |frame: Frame| {
                        let chunk = frame.chunk(|place| place.to_string());
                        (frame, chunk, None)
                    };
                    (seen, frame.map(with_chunk))
                });
                client.seen = *seen;
                let sent = match frame {
                    Some((frame, ..)) if client.ticket.is_some() => {
                        client.send(&client.chunk(frame))
                    }
                    Some((frame, _, messages)) if client.has_web_socket() => {
                        client.send(messages.get_or_insert_with(|| client.chunk(frame)))
                    }
                    Some((_, chunk, _)) => client.send(chunk),
                    None => Ok(()),
                };
                if sent.is_err() {
                    closed.push(*key);
                }
                writes += 1;
                if writes % WRITES_IN_A_ROW == 0 {
                    yield_now().await;
                }
            }
            everyone_has = everyone_has.min(client.seen.version);
        }
        closed.into_iter().for_each(|key| drop(self.remove(key)));
        let any = frames.values().any(|(_, frame)| frame.is_some());
        Sent { everyone_has, any }
    }

    /// Sends a comment to every client that accepts it.
    pub(crate) async fn send_heartbeats(&mut self) {
        let comment = Chunk::of(&[HEARTBEAT.as_bytes()]);
        let ping = Chunk::plain(web_socket::ping());
        let mut closed = Vec::new();
        let mut writes = 0;
        for (key, client) in &mut self.clients {
            let heartbeat = if client.has_web_socket() { &ping } else { &comment };
            if client.is_idle() && client.send(heartbeat).is_err() {
                closed.push(*key);
            }
            writes += 1;
            if writes % WRITES_IN_A_ROW == 0 {
                yield_now().await;
            }
        }
        closed.into_iter().for_each(|key| drop(self.remove(key)));
    }

    /// Ends the streams of the clients that `ends` names, and tells them the reason if there is one.
    fn end(&mut self, reason: Option<&str>, ends: impl Fn(&ClientKey, &Client) -> bool) {
        let last = reason.map(Frame::end);
        let ended: Vec<_> = self.clients.iter().filter(|(key, client)| ends(key, client)).collect();
        let ended: Vec<_> = ended.into_iter().map(|(key, _)| *key).collect();
        for key in ended {
            if let Some(client) = self.remove(key) {
                client.end(last.as_ref());
            }
        }
    }

    /// Ends the streams whose credential has expired at `now`.
    pub(crate) fn end_expired(&mut self, now: Instant, reason: &str) {
        self.end(Some(reason), |_, client| client.ends.is_some_and(|ends| ends <= now));
        self.ends = self.clients.values().filter_map(|client| client.ends).min();
    }

    /// Ends the streams whose right was revoked, whatever their campaigns were when it was checked.
    pub(crate) fn end_revoked(&mut self, revoked: &[Revoked], reason: &str) {
        let is_revoked = |client: &Client| revoked.iter().any(|revoked| revoked.is_of(client));
        if !revoked.is_empty() {
            self.end(Some(reason), |_, client| is_revoked(client));
        }
    }

    /// Ends the streams whose ticket has another stream open.
    pub(crate) fn end_replaced(&mut self, replaced: &HashSet<ClientKey>) {
        if !replaced.is_empty() {
            self.end(None, |key, _| replaced.contains(key));
        }
    }

    /// Ends all streams. Returns their tickets.
    pub(crate) fn end_all(&mut self) -> Vec<OpenTicket> {
        self.tickets = 0;
        let clients = std::mem::take(&mut self.clients).into_values();
        let tickets = clients.filter_map(|mut client| {
            let ticket = client.ticket.take().and_then(Arc::into_inner);
            client.end(None);
            ticket
        });
        tickets.collect()
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
