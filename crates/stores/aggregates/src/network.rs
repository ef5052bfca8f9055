use std::net::{IpAddr, Ipv6Addr};

/// Returns the network of one internet customer, as bytes: an IPv4 address, or an IPv6 /64, within
/// which devices change their addresses.
pub fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_bits().to_be_bytes().to_vec(),
        IpAddr::V6(address) => ((address.to_bits() >> 64) as u64).to_be_bytes().to_vec(),
    }
}

/// Returns the first address of the [`network`].
pub fn network_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}
