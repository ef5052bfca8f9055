use std::sync::Arc;

use problem::Problem;
use tenancy::TenantContext;
use tokio::sync::oneshot;

use super::{
    client::ClientKey, frames::Frame, hub::Watched, seat::Joining, selection::Selection,
    view::Version,
};

/// A request to a broadcast.
pub(crate) enum Command {
    /// A stream is opened.
    Open {
        tenant: TenantContext,
        watched: Watched,
        /// Whether it begins with a snapshot, which contains everything counted before.
        wants_snapshot: bool,
        opened: Opening,
    },
    /// The client of an open stream is connected.
    Join(Box<Joining>),
    /// The server can send the next frame of a client.
    Accepts(ClientKey),
    /// The client is disconnected.
    HungUp(ClientKey),
}

/// Receives the result of [`Command::Open`].
pub(crate) type Opening = oneshot::Sender<Result<Opened, Problem>>;

/// A stream that is open.
pub(crate) struct Opened {
    pub(crate) key: ClientKey,
    /// What the client has after the snapshot, or before what it missed.
    pub(crate) version: Version,
    pub(crate) selection: Arc<Selection>,
    pub(crate) snapshot: Option<Frame>,
    /// Held until the client is connected: it will need the changes after its version.
    pub(crate) place: Arc<()>,
}

/// Who waits for a snapshot.
pub(crate) struct Waiting {
    pub(crate) selection: Arc<Selection>,
    pub(crate) receiver: Receiver,
}

pub(crate) enum Receiver {
    /// A stream that is opened.
    Opening(Opening),
    /// A client that has subscribed to campaigns.
    Client(ClientKey),
}

impl Waiting {
    /// Returns whether nobody waits any more.
    pub(crate) fn is_over(&self) -> bool {
        match &self.receiver {
            Receiver::Opening(opened) => opened.is_closed(),
            Receiver::Client(_) => false,
        }
    }
}
