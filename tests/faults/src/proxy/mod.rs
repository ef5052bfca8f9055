//! A TCP proxy that can fail in every way a network does.

mod carry;

use std::{net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::sleep,
};

use crate::Failure;
use carry::carry;

/// How often a port is tried, and how long between two tries.
const TRIES: u32 = 50;
const AGAIN: Duration = Duration::from_millis(100);

/// What goes wrong on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Connections end, and new ones end at once.
    Cut,
    /// The same, with a reset.
    Reset,
    /// Connections stay open and nothing comes through any more, also afterwards: each is dead
    /// until one side gives it up.
    HalfOpen,
    /// Everything takes up to a second and a half.
    Delay,
    /// One byte a second, in each direction.
    Trickle,
    /// Requests arrive, answers do not; a moment later the connection ends.
    DropAnswer,
}

impl Fault {
    pub(crate) const ALL: [Self; 6] =
        [Self::Cut, Self::Reset, Self::HalfOpen, Self::Delay, Self::Trickle, Self::DropAnswer];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Reset => "reset",
            Self::HalfOpen => "half-open",
            Self::Delay => "delay",
            Self::Trickle => "trickle",
            Self::DropAnswer => "drop-answer",
        }
    }
}

/// A proxy before one server. It ends when it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    fault: watch::Sender<Option<Fault>>,
    _task: JoinSet<()>,
}

impl Proxy {
    /// Listens on a port of this machine (0: any that is free) for connections to `upstream`.
    ///
    /// # Errors
    /// The port is taken, also a moment later: a proxy that was dropped lets go of its own soon.
    pub(crate) async fn start(port: u16, upstream: String) -> Result<Self, Failure> {
        let mut tries = 0;
        let listener = loop {
            match TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await {
                Ok(listener) => break listener,
                Err(error) if tries == TRIES => return Err(format!("port {port}: {error}").into()),
                Err(_) => sleep(AGAIN).await,
            }
            tries += 1;
        };
        let address = listener.local_addr()?;
        let (fault, faults) = watch::channel(None);
        let mut task = JoinSet::new();
        task.spawn(accept(listener, upstream, faults));
        Ok(Self { address, fault, _task: task })
    }

    /// Where it listens: host:port.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// From now on, this goes wrong.
    pub(crate) fn inject(&self, fault: Fault) {
        self.fault.send_replace(Some(fault));
    }

    /// New connections work again.
    pub(crate) fn heal(&self) {
        self.fault.send_replace(None);
    }
}

async fn accept(listener: TcpListener, upstream: String, faults: watch::Receiver<Option<Fault>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                connections.spawn(connect(client, upstream.clone(), faults.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connect(client: TcpStream, upstream: String, faults: watch::Receiver<Option<Fault>>) {
    let fault = *faults.borrow();
    match fault {
        Some(Fault::Cut) => return,
        Some(Fault::Reset) => return drop(client.set_zero_linger()),
        _ => {}
    }
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    // What is small must not wait for more: the delays here are those that were asked for.
    if client.set_nodelay(true).is_ok() && server.set_nodelay(true).is_ok() {
        carry(client, server, faults).await;
    }
}
