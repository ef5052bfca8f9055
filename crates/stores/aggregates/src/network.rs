use std::net::IpAddr;

/// Returns the network of one internet customer, as bytes: an IPv4 address, or an IPv6 /64, within
/// which devices change their addresses.
pub fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_bits().to_be_bytes().to_vec(),
        IpAddr::V6(address) => ((address.to_bits() >> 64) as u64).to_be_bytes().to_vec(),
    }
}
