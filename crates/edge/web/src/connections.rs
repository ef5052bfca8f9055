use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The open connections of a service, by the network of their clients. Clones share them.
#[derive(Clone)]
pub(crate) struct Connections {
    /// How many a network may have open.
    most: usize,
    open: Arc<Mutex<HashMap<Network, usize>>>,
}

/// One open connection; dropping it closes it for the count.
pub(crate) struct OpenConnection {
    all: Connections,
    network: Network,
}

/// The network of one internet customer: an IPv4 address, or an IPv6 /64, within which devices change
/// their addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Network {
    V4(u32),
    V6(u64),
}

impl Network {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

impl Connections {
    /// Allows each network `most` open connections; 0 means any number.
    pub(crate) fn new(most: usize) -> Self {
        let most = if most == 0 { usize::MAX } else { most };
        Self { most, open: Arc::default() }
    }

    /// Counts a connection from `address`; `None` if its network has as many open as it may.
    pub(crate) fn open(&self, address: IpAddr) -> Option<OpenConnection> {
        let network = Network::of(address);
        let mut all = self.lock();
        let open = all.entry(network).or_default();
        if *open >= self.most {
            return None;
        }
        *open += 1;
        Some(OpenConnection { all: self.clone(), network })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Network, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut all = self.all.lock();
        if let Some(open) = all.get_mut(&self.network) {
            *open -= 1;
            if *open == 0 {
                all.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(connections: &Connections, address: &str) -> Option<OpenConnection> {
        connections.open(address.parse().unwrap())
    }

    #[test]
    fn a_network_may_have_so_many_connections_open_and_another_one_too() {
        let connections = Connections::new(2);
        let first = open(&connections, "192.0.2.1").unwrap();
        let second = open(&connections, "::ffff:192.0.2.1").unwrap();
        assert!(open(&connections, "192.0.2.1").is_none());
        assert!(open(&connections, "192.0.2.2").is_some());
        drop(first);
        let third = open(&connections, "192.0.2.1").unwrap();
        drop((second, third));
        assert!(connections.lock().is_empty(), "no entry stays");
    }

    #[test]
    fn addresses_of_one_internet_customer_are_one_network() {
        let connections = Connections::new(1);
        let first = open(&connections, "2001:db8:1:2::1").unwrap();
        assert!(open(&connections, "2001:db8:1:2:ffff::9").is_none());
        assert!(open(&connections, "2001:db8:1:3::1").is_some());
        drop(first);
    }

    #[test]
    fn without_a_limit_any_number_is_open() {
        let connections = Connections::new(0);
        let open: Vec<_> = (0..5_000).filter_map(|_| open(&connections, "192.0.2.1")).collect();
        assert_eq!(open.len(), 5_000);
    }
}
