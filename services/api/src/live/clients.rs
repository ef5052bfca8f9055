use std::{
    collections::{HashMap, HashSet},
    io,
    sync::Arc,
    time::Duration,
};

use auth::{Principal, Subject};
use tokio::{task::yield_now, time::Instant};
use web::web_socket;

use super::{
    client::{Client, ClientKey, Hung, Incoming, Revoked, Right},
    frames::{Chunk, Frame, HEARTBEAT},
    open_ticket::OpenTicket,
    outlet::Outlet,
    selection::{Selection, SelectionKey},
    sockets::{Ready, Sockets},
    view::{Seen, Version},
    views::{Rendered, Views},
};

/// Between two subscriptions of a client, each of which reads a snapshot.
const SUBSCRIBE_EVERY: Duration = Duration::from_secs(1);
/// After how many clients other tasks may run.
const WRITES_IN_A_ROW: usize = 64;

/// What sending frames to all clients resulted in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// The version that every client has.
    pub(crate) everyone_has: Version,
    /// Whether any client got a frame.
    pub(crate) any: bool,
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

    /// Receives from a client. One that closes its connection, or breaks the protocol, is removed.
    pub(crate) fn receive(&mut self, key: ClientKey) -> Incoming {
        match self.clients.get_mut(&key).map(Client::receive) {
            Some(Ok(incoming)) => incoming,
            Some(Err(hung)) => {
                if let (Some(client), Hung::Close(code)) = (self.remove(key), hung) {
                    client.outlet.close(code);
                }
                Incoming::Nothing
            }
            None => Incoming::Nothing,
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
