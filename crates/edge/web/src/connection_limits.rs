use std::{ops::RangeInclusive, time::Duration};

/// What a service allows the connections of its clients.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// How many a network (an IPv4 address, or an IPv6 /64) may have open; 0 means any number.
    pub per_address: usize,
    /// How long a connection may be open without a request. A load balancer must close it first: a request
    /// that meets a connection that the server is closing fails, and one that is not idempotent is not
    /// repeated.
    pub keep_alive: Duration,
}

impl ConnectionLimits {
    /// What can be configured as [`keep_alive`](Self::keep_alive), in seconds.
    pub const KEEP_ALIVE_SECONDS: RangeInclusive<u64> = 1..=86_400;
}

impl Default for ConnectionLimits {
    /// Any number of connections, each kept alive longer than load balancers usually do: 60 seconds.
    fn default() -> Self {
        Self { per_address: 0, keep_alive: Duration::from_secs(75) }
    }
}
