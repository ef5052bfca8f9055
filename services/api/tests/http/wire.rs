use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A TCP connection to a server that can be cut, and is cut when it is dropped: a connection that is being
/// opened by a runtime which nobody polls any more would hold the server's database for its whole timeout.
pub(crate) struct Wire {
    address: SocketAddr,
    /// Both ends of every connection; `None` once it was cut.
    ends: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Wire {
    pub(crate) fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ends = Arc::new(Mutex::new(Some(Vec::new())));
        let wire = Self { address, ends: Arc::clone(&ends) };
        let server = server.to_owned();
        thread::spawn(move || {
            for near in listener.incoming() {
                let near = near.unwrap();
                let mut ends = ends.lock().unwrap();
                // The listener is closed too: later connections are refused.
                let Some(ends) = &mut *ends else { return };
                let far = TcpStream::connect(&server).unwrap();
                pass(&near, &far);
                pass(&far, &near);
                ends.extend([near, far]);
            }
        });
        wire
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn cut(&self) {
        let Some(ends) = self.ends.lock().unwrap().take() else { return };
        for end in ends {
            let _ = end.shutdown(Shutdown::Both);
        }
        // Wakes the listener, which then closes.
        let _ = TcpStream::connect(self.address);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.cut();
    }
}

fn pass(from: &TcpStream, to: &TcpStream) {
    let mut from = from.try_clone().unwrap();
    let mut to = to.try_clone().unwrap();
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}
