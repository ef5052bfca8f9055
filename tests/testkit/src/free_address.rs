use std::net::{SocketAddr, TcpListener};

use uuid::Uuid;

/// Returns a free loopback address, below the ports of outgoing connections: such a connection
/// could otherwise take the port before the caller listens on it.
pub fn free_address() -> String {
    let candidates = (0..1_000).map(|_| {
        let random = Uuid::now_v7().as_u128() as u16 % 8_000;
        SocketAddr::from(([127, 0, 0, 1], 24_000 + random))
    });
    let free = candidates.map(TcpListener::bind).find_map(Result::ok).expect("a free port");
    free.local_addr().expect("an address").to_string()
}
