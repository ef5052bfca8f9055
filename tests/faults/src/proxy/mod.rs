//! A TCP proxy that fails in the ways that networks fail.

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

/// How often binding a port is tried, and the pause between two tries.
const TRIES: u32 = 50;
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// A fault of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Connections are closed, new ones at once.
    Cut,
    /// Connections are reset, new ones at once.
    Reset,
    /// Connections stay open and transfer nothing, even after the fault, until one side closes
    /// them.
    HalfOpen,
    /// Data is delayed by up to 1.5 seconds.
    Delay,
    /// One byte a second, in each direction.
    Trickle,
    /// Requests arrive, answers do not; a moment later the connection is reset.
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

/// A proxy in front of one server. It ends on drop.
pub(crate) struct Proxy {
    address: SocketAddr,
    fault: watch::Sender<Option<Fault>>,
    _task: JoinSet<()>,
}

impl Proxy {
    /// Listens on a local port (0: any free port) for connections to `upstream`.
    ///
    /// # Errors
    /// The port stays in use. It is retried: a dropped proxy releases its port with a delay.
    pub(crate) async fn start(port: u16, upstream: String) -> Result<Self, Failure> {
        let mut tries = 0;
        let listener = loop {
            match TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await {
                Ok(listener) => break listener,
                Err(error) if tries == TRIES => return Err(format!("port {port}: {error}").into()),
                Err(_) => sleep(RETRY_PAUSE).await,
            }
            tries += 1;
        };
        let address = listener.local_addr()?;
        let (fault, faults) = watch::channel(None);
        let mut task = JoinSet::new();
        task.spawn(accept(listener, upstream, faults));
        Ok(Self { address, fault, _task: task })
    }

    /// The address on which it listens: host:port.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Starts a fault.
    pub(crate) fn inject(&self, fault: Fault) {
        self.fault.send_replace(Some(fault));
    }

    /// Ends the fault: new connections work again.
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
    // Small packets must not wait for more data: only injected faults may delay.
    if client.set_nodelay(true).is_ok() && server.set_nodelay(true).is_ok() {
        carry(client, server, faults).await;
    }
}
