use std::{net::TcpStream, sync::Arc};

use auth::Principal;
use bytes::Bytes;
use futures::{Stream, stream::unfold};
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    time::Instant,
};
use web::HangUp;

use super::{
    client::{Client, ClientKey},
    command::Command,
    frames::Frame,
    open_streams::OpenStream,
    open_ticket::OpenTicket,
    outlet::{Outlet, WebSocket},
    selection::Selection,
    view::Seen,
    views::Lacks,
};

/// A stream that is open, whose client is not yet connected to its broadcast. Dropping it closes the
/// stream.
pub(crate) struct Seat {
    pub(super) commands: UnboundedSender<Command>,
    pub(super) key: ClientKey,
    pub(super) place: Arc<()>,
    pub(super) seen: Seen,
    pub(super) selection: Arc<Selection>,
    pub(super) beginning: Frame,
    pub(super) lacks: Lacks,
    pub(super) principal: Arc<Principal>,
    pub(super) ends: Option<Instant>,
    pub(super) ticket: Option<OpenTicket>,
    pub(super) open: OpenStream,
}

/// A client that joins its broadcast.
pub(crate) struct Joining {
    /// Keeps the broadcast running.
    pub(super) commands: UnboundedSender<Command>,
    pub(super) key: ClientKey,
    /// Keeps the changes that the client lacks until it is connected.
    pub(super) _place: Arc<()>,
    pub(super) client: Client,
    pub(super) beginning: Frame,
    pub(super) lacks: Lacks,
}

/// A body that takes a frame from the broadcast whenever the server can send one.
struct Body {
    frames: mpsc::Receiver<Bytes>,
    hang_up: HangUp,
    client: JoinedClient,
}

/// Dropping it closes the stream, and leaves the broadcast.
struct JoinedClient {
    key: ClientKey,
    commands: UnboundedSender<Command>,
    _open: OpenStream,
}

impl Seat {
    /// Connects the client's own socket, whose response head was sent.
    pub(crate) fn take_socket(self, socket: TcpStream) {
        self.take(Outlet::Socket(mio::net::TcpStream::from_std(socket)));
    }

    /// Connects the client's own socket, on which the handshake was answered.
    pub(crate) fn take_web_socket(self, socket: TcpStream) {
        let web_socket = WebSocket::new(mio::net::TcpStream::from_std(socket));
        self.take(Outlet::WebSocket(Box::new(web_socket)));
    }

    fn take(self, outlet: Outlet) {
        let joining = Joining {
            commands: self.commands.clone(),
            key: self.key,
            _place: self.place,
            client: Client {
                outlet,
                seen: self.seen,
                selection: self.selection,
                unsent: Bytes::new(),
                principal: self.principal,
                ends: self.ends,
                ticket: self.ticket.map(Arc::new),
                _open: Some(self.open),
            },
            beginning: self.beginning,
            lacks: self.lacks,
        };
        // If the broadcast has ended meanwhile, this closes the socket.
        self.commands.send(Command::Join(Box::new(joining))).unwrap_or_default();
    }

    /// Returns a body for a client whose connection the server keeps.
    pub(crate) fn body(self, hang_up: HangUp) -> impl Stream<Item = Bytes> {
        let (sender, frames) = mpsc::channel(Outlet::BODY_FRAMES);
        let joining = Joining {
            commands: self.commands.clone(),
            key: self.key,
            _place: self.place,
            client: Client {
                outlet: Outlet::Body { frames: sender, is_waiting: false },
                seen: self.seen,
                selection: self.selection,
                unsent: Bytes::new(),
                principal: self.principal,
                ends: self.ends,
                ticket: self.ticket.map(Arc::new),
                _open: None,
            },
            beginning: self.beginning,
            lacks: self.lacks,
        };
        // If the broadcast has ended meanwhile, this ends the body.
        self.commands.send(Command::Join(Box::new(joining))).unwrap_or_default();
        let client = JoinedClient { key: self.key, commands: self.commands, _open: self.open };
        unfold(Body { frames, hang_up, client }, async |mut body| {
            let frame = body.next().await?;
            Some((frame, body))
        })
    }
}

impl Body {
    async fn next(&mut self) -> Option<Bytes> {
        let frame = match self.frames.try_recv() {
            Ok(frame) => return Some(frame),
            Err(_) => self.frames.recv(),
        };
        self.client.commands.send(Command::Accepts(self.client.key)).unwrap_or_default();
        tokio::select! {
            () = self.hang_up.wait() => None,
            frame = frame => frame,
        }
    }
}

impl Drop for JoinedClient {
    fn drop(&mut self) {
        self.commands.send(Command::HungUp(self.key)).unwrap_or_default();
    }
}
