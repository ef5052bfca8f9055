use std::{fmt, net::Ipv6Addr, str::FromStr, sync::Arc};

use serde::{Serialize, Serializer};

/// The longest possible host name, in characters.
const MAX_HOST: usize = 253;

/// The origin of a web page: `scheme://host[:port]`, as browsers send it in `Origin`.
///
/// In lower case, without the default port of the scheme. Cloning shares the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(Arc<str>);

/// Why a text is not an [`Origin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// No scheme, or neither `http` nor `https`.
    #[error("must begin with https:// or http://, such as https://shop.example")]
    Scheme,
    /// More text follows host and port.
    #[error("must end after host and port: no path, not even '/', no user and no query")]
    Rest,
    /// Not a host.
    #[error(
        "must name one host: letters, digits, '-' and '.', no '*', and a name of another script as \
         browsers send it (xn--…)"
    )]
    Host,
    /// Not a port.
    #[error("must have a port of 1 to 65535 after the last ':', or none")]
    Port,
}

impl Origin {
    /// Returns `scheme://host[:port]`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let text = text.to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://").ok_or(OriginError::Scheme)?;
        let default_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(OriginError::Scheme),
        };
        if rest.contains(['/', '?', '#', '@', '\\']) {
            return Err(OriginError::Rest);
        }
        let (host, port) = host_and_port(rest)?;
        let port = port.map(|port| match port.parse::<u16>() {
            Ok(number) if number > 0 && !port.starts_with('+') => Ok(number),
            _ => Err(OriginError::Port),
        });
        let port = port.transpose()?.filter(|port| *port != default_port);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self(format!("{scheme}://{host}{port}").into()))
    }
}

/// Splits the host, written as browsers do, from the text after its ':'.
fn host_and_port(text: &str) -> Result<(String, Option<&str>), OriginError> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']').ok_or(OriginError::Host)?;
        let address: Ipv6Addr = address.parse().map_err(|_| OriginError::Host)?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port),
            None if rest.is_empty() => None,
            None => return Err(OriginError::Port),
        };
        return Ok((format!("[{address}]"), port));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(known);
    let is_host = host.len() <= MAX_HOST && host.split('.').all(is_label);
    if is_host { Ok((host.to_owned(), port)) } else { Err(OriginError::Host) }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_reads_as_browsers_send_it() {
        for (text, sent) in [
            ("https://shop.example", "https://shop.example"),
            ("HTTPS://Shop.Example:443", "https://shop.example"),
            ("http://shop.example:80", "http://shop.example"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("https://192.0.2.7:8443", "https://192.0.2.7:8443"),
            ("https://[2001:DB8:0::1]:8443", "https://[2001:db8::1]:8443"),
            ("http://[::1]", "http://[::1]"),
            ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().as_str(), sent);
        }
    }

    #[test]
    fn a_text_that_is_not_an_origin_is_refused_with_the_reason() {
        let long = format!("https://{}.example", "a".repeat(250));
        for (text, why) in [
            ("", OriginError::Scheme),
            ("null", OriginError::Scheme),
            ("*", OriginError::Scheme),
            ("shop.example", OriginError::Scheme),
            ("ftp://shop.example", OriginError::Scheme),
            ("https://shop.example/", OriginError::Rest),
            ("https://shop.example/cart", OriginError::Rest),
            ("https://shop.example?x", OriginError::Rest),
            ("https://ann@shop.example", OriginError::Rest),
            ("https://", OriginError::Host),
            ("https://*.shop.example", OriginError::Host),
            ("https://shop..example", OriginError::Host),
            ("https://shop example", OriginError::Host),
            ("https://münchen.example", OriginError::Host),
            ("https://[::1", OriginError::Host),
            ("https://[shop]", OriginError::Host),
            (&long, OriginError::Host),
            ("https://shop.example:", OriginError::Port),
            ("https://shop.example:0", OriginError::Port),
            ("https://shop.example:+80", OriginError::Port),
            ("https://shop.example:65536", OriginError::Port),
            ("https://shop.example:80:80", OriginError::Port),
            ("https://[::1]80", OriginError::Port),
        ] {
            assert_eq!(text.parse::<Origin>(), Err(why), "{text:?}");
        }
    }
}
