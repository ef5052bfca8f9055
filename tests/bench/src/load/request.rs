use std::net::SocketAddr;

/// Returns the bytes of a GET request.
pub(crate) fn get(address: SocketAddr, path: &str, token: Option<&str>) -> Vec<u8> {
    head("GET", address, path, token, "\r\n").into_bytes()
}

/// Returns the bytes of a POST request.
pub(crate) fn post(
    address: SocketAddr,
    path: &str,
    token: Option<&str>,
    content_type: &str,
    body: &[u8],
) -> Vec<u8> {
    let length = body.len();
    let rest = format!("Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n");
    let mut request = head("POST", address, path, token, &rest).into_bytes();
    request.extend_from_slice(body);
    request
}

fn head(method: &str, address: SocketAddr, path: &str, token: Option<&str>, rest: &str) -> String {
    let credential =
        token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{credential}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_ends_with_its_body() {
        let address = "127.0.0.1:80".parse().unwrap();
        let request = post(address, "/e", Some("key"), "application/json", b"{}");
        let expected = "POST /e HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAuthorization: Bearer key\r\n\
            Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(String::from_utf8(request).unwrap(), expected);
        assert!(get(address, "/", None).ends_with(b":80\r\n\r\n"));
    }
}
