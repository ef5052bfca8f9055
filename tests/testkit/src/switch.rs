use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// A way to the broker that can be cut, for one client alone.
///
/// A broker tells its clients where to connect to; in its answers that address is replaced by this
/// one's, so that nobody finds a way around.
pub struct KafkaSwitch {
    address: SocketAddr,
    line: Arc<Line>,
}

struct Line {
    broker: SocketAddr,
    ours: SocketAddr,
    gone: AtomicBool,
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
    /// A way to `broker`, `address:port`, that is open.
    pub fn to(broker: &str) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let line = Arc::new(Line {
            broker: broker.parse().expect("an address and a port"),
            ours: address,
            gone: AtomicBool::new(false),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let accepting = Arc::clone(&line);
        thread::spawn(move || accepting.accept(&listener));
        Self { address, line }
    }

    /// Where it listens: what a client is to take for the broker.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Nobody gets through any more; who is connected is thrown out.
    pub fn cut(&self) {
        let mut state = self.line.state();
        state.cut = true;
        for stream in state.open.drain(..) {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.line.changed.notify_all();
    }

    /// The broker hears everything, and none of its answers gets through.
    pub fn mute(&self) {
        self.line.state().mute = true;
    }

    /// As in the beginning; answers that were held back arrive now.
    pub fn restore(&self) {
        let mut state = self.line.state();
        (state.cut, state.mute) = (false, false);
        self.line.changed.notify_all();
    }
}

impl Drop for KafkaSwitch {
    fn drop(&mut self) {
        self.line.gone.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the thread that waits for the next client.
        drop(TcpStream::connect(self.address));
    }
}

impl Line {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.gone.load(Ordering::SeqCst) {
                return;
            }
            // Whoever does not get through tries again.
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
        let (mut from, mut to) = (client.try_clone()?, broker.try_clone()?);
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
        let line = Arc::clone(self);
        thread::spawn(move || {
            let _ = line.answer(&broker, &client);
            let _ = client.shutdown(Shutdown::Both);
        });
        Ok(())
    }

    /// Passes answers on, each a length of four bytes and as many bytes.
    fn answer(&self, mut broker: &TcpStream, mut client: &TcpStream) -> io::Result<()> {
        loop {
            let mut length = [0; 4];
            broker.read_exact(&mut length)?;
            let mut answer = vec![0; u32::from_be_bytes(length) as usize];
            broker.read_exact(&mut answer)?;
            self.redirect(&mut answer);
            let held = self.changed.wait_while(self.state(), |state| state.mute && !state.cut);
            drop(held.unwrap_or_else(PoisonError::into_inner));
            client.write_all(&length)?;
            client.write_all(&answer)?;
        }
    }

    /// Puts our port where the broker's stands after its host.
    fn redirect(&self, answer: &mut [u8]) {
        let place = |address: SocketAddr| {
            let port = u32::from(address.port()).to_be_bytes();
            [address.ip().to_string().into_bytes(), port.to_vec()].concat()
        };
        let (theirs, ours) = (place(self.broker), place(self.ours));
        for start in 0..=answer.len().saturating_sub(theirs.len()) {
            if answer[start..].starts_with(&theirs) {
                answer[start..start + ours.len()].copy_from_slice(&ours);
            }
        }
    }
}
