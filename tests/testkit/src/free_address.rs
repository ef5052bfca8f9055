use std::{
    net::{SocketAddr, TcpListener},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// The first port and how many there are. They are below those of outgoing connections: such a
/// connection could otherwise take a port before the caller listens on it.
const PORTS: (u16, u32) = (24_000, 8_000);

/// How many addresses this process has tried.
static TRIED: AtomicU32 = AtomicU32::new(0);

/// Returns a free loopback address. A process gets each address once: its callers listen later, some
/// of them after a restart, and until then the address looks free.
pub fn free_address() -> String {
    let (first, count) = PORTS;
    // Processes that run at the same time begin at different ports.
    let begin = process::id().wrapping_mul(2_654_435_761) % count;
    let candidates = (0..count).map(|_| {
        let step = TRIED.fetch_add(1, Ordering::Relaxed) % count;
        let port = u32::from(first) + (begin + step) % count;
        SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).expect("a port")))
    });
    let free = candidates.map(TcpListener::bind).find_map(Result::ok).expect("a free port");
    free.local_addr().expect("an address").to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_address_is_given_twice() {
        let addresses: BTreeSet<_> = (0..500).map(|_| free_address()).collect();
        assert_eq!(addresses.len(), 500);
    }
}
