use std::net::{SocketAddr, TcpListener};

use uuid::Uuid;

/// An address of this machine that nobody listens on, below the ports that the system gives to
/// outgoing connections: one of those could take it before whoever asked for it listens.
pub fn free_address() -> String {
    let candidates = (0..1_000).map(|_| {
        let random = Uuid::now_v7().as_u128() as u16 % 8_000;
        SocketAddr::from(([127, 0, 0, 1], 24_000 + random))
    });
    let free = candidates.map(TcpListener::bind).find_map(Result::ok).expect("a free port");
    free.local_addr().expect("an address").to_string()
}
