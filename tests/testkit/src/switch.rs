use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::setting::has_tls;

/// A proxy to the broker for one client, which can be cut.
///
/// A broker's answers name the address to connect to. The proxy replaces it by its own, so that the
/// client cannot bypass it. With TLS it cannot read them: then it is in front of the listener `DETOUR` of the
/// stack's broker, whose answers name the proxy's port. There is one such port.
pub struct KafkaSwitch {
    address: SocketAddr,
    link: Arc<Link>,
}

struct Link {
    broker: SocketAddr,
    proxy: SocketAddr,
    has_tls: bool,
    dropped: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    cut: bool,
    mute: bool,
    open: Vec<TcpStream>,
}

impl KafkaSwitch {
    /// Creates an open proxy to `broker`, `address:port`.
    pub fn to(broker: &str) -> Self {
        let has_tls = has_tls();
        let mut broker: SocketAddr = broker.parse().expect("an address and a port");
        let mut proxy = SocketAddr::from(([127, 0, 0, 1], 0));
        if has_tls {
            proxy.set_port(broker.port() + 3);
            broker.set_port(broker.port() + 2);
        }
        let listener = TcpListener::bind(proxy);
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let link = Arc::new(Link {
            broker,
            proxy: address,
            has_tls,
            dropped: AtomicBool::new(false),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let accepting = Arc::clone(&link);
        thread::spawn(move || accepting.accept(&listener));
        Self { address, link }
    }

    /// Returns the address it listens on, which a client uses as the broker's.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Closes all connections and refuses new ones.
    pub fn cut(&self) {
        let mut state = self.link.state();
        state.cut = true;
        for stream in state.open.drain(..) {
            // The connection may already be closed.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.link.changed.notify_all();
    }

    /// Forwards requests to the broker, but holds back its answers.
    pub fn mute(&self) {
        self.link.state().mute = true;
    }

    /// Opens the proxy again, and delivers the answers that were held back.
    pub fn restore(&self) {
        let mut state = self.link.state();
        (state.cut, state.mute) = (false, false);
        self.link.changed.notify_all();
    }
}

impl Drop for KafkaSwitch {
    fn drop(&mut self) {
        self.link.dropped.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the thread that waits for a client.
        drop(TcpStream::connect(self.address));
    }
}

impl Link {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.dropped.load(Ordering::SeqCst) {
                return;
            }
            // A client that is not connected tries again.
            let _ = client.and_then(|client| self.connect(client));
        }
    }

    fn connect(self: &Arc<Self>, client: TcpStream) -> io::Result<()> {
        let mut state = self.state();
        if state.cut {
            return Ok(());
        }
        let broker = TcpStream::connect(self.broker)?;
        client.set_nodelay(true)?;
        broker.set_nodelay(true)?;
        state.open.extend([client.try_clone()?, broker.try_clone()?]);
        let mut from = client.try_clone()?;
        let mut to = broker.try_clone()?;
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
        let link = Arc::clone(self);
        thread::spawn(move || {
            let _ = match link.has_tls {
                true => link.forward_bytes(&broker, &client),
                false => link.forward_answers(&broker, &client),
            };
            let _ = client.shutdown(Shutdown::Both);
        });
        Ok(())
    }

    /// Forwards answers, each a length of four bytes and as many bytes.
    fn forward_answers(&self, mut broker: &TcpStream, mut client: &TcpStream) -> io::Result<()> {
        loop {
            let mut length = [0; 4];
            broker.read_exact(&mut length)?;
            let mut answer = vec![0; u32::from_be_bytes(length) as usize];
            broker.read_exact(&mut answer)?;
            self.redirect(&mut answer);
            self.hold();
            client.write_all(&length)?;
            client.write_all(&answer)?;
        }
    }

    /// Forwards what it cannot read.
    fn forward_bytes(&self, mut broker: &TcpStream, mut client: &TcpStream) -> io::Result<()> {
        let mut bytes = vec![0; 16 * 1024];
        loop {
            let read = broker.read(&mut bytes)?;
            if read == 0 {
                return Ok(());
            }
            self.hold();
            client.write_all(&bytes[..read])?;
        }
    }

    /// Waits while answers are held back.
    fn hold(&self) {
        let held = self.changed.wait_while(self.state(), |state| state.mute && !state.cut);
        drop(held.unwrap_or_else(PoisonError::into_inner));
    }

    /// Replaces the broker's address by the proxy's.
    fn redirect(&self, answer: &mut [u8]) {
        let encoded = |address: SocketAddr| {
            let port = u32::from(address.port()).to_be_bytes();
            [address.ip().to_string().into_bytes(), port.to_vec()].concat()
        };
        let broker = encoded(self.broker);
        let proxy = encoded(self.proxy);
        for start in 0..=answer.len().saturating_sub(broker.len()) {
            if answer[start..].starts_with(&broker) {
                answer[start..start + proxy.len()].copy_from_slice(&proxy);
            }
        }
    }
}
