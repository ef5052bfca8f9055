use std::net::{IpAddr, Ipv4Addr};

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap},
};

/// The most characters of what a client calls itself; a list of sessions needs no more.
const USER_AGENT_LENGTH: usize = 200;

/// The address of a client and what it calls itself, by which people recognise their sessions.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) address: IpAddr,
    pub(crate) user_agent: Option<String>,
}

impl Device {
    pub(crate) fn of(request: &HttpRequest, trust_forwarded_for: bool) -> Self {
        let agent = request.headers().get(header::USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok());
        Self {
            address: caller(request, trust_forwarded_for),
            user_agent: agent.map(|agent| agent.chars().take(USER_AGENT_LENGTH).collect()),
        }
    }
}

/// Returns the address of the client.
pub(crate) fn caller(request: &HttpRequest, trust_forwarded_for: bool) -> IpAddr {
    let peer = request.peer_addr().map(|address| address.ip());
    address(request.headers(), peer, trust_forwarded_for)
}

/// Reads only the last address of `X-Forwarded-For`, and only if the operator's load balancer writes
/// it: clients can write the others themselves. Some balancers add a header line of their own.
fn address(headers: &HeaderMap, peer: Option<IpAddr>, trust_forwarded_for: bool) -> IpAddr {
    let forwarded = headers.get_all("x-forwarded-for").last().filter(|_| trust_forwarded_for);
    let forwarded = forwarded.and_then(|value| value.to_str().ok());
    let last = forwarded.and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
    last.or(peer).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_forwarded_address_counts_only_behind_a_trusted_load_balancer() {
        let mut headers = HeaderMap::new();
        let name = HeaderName::from_static("x-forwarded-for");
        headers.append(name.clone(), HeaderValue::from_static("1.1.1.1, 2.2.2.2"));
        headers.append(name, HeaderValue::from_static("3.3.3.3, 203.0.113.7"));
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        assert_eq!(address(&headers, Some(peer), false), peer);
        assert_eq!(address(&headers, Some(peer), true).to_string(), "203.0.113.7");
        assert_eq!(address(&HeaderMap::new(), Some(peer), true), peer);
    }
}
