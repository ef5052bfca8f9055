use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap, HeaderValue},
};
use sha2::{Digest, Sha256};

/// The `ETag` of a response: a hash of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag(HeaderValue);

impl EntityTag {
    /// Returns the tag of a body.
    pub fn of(body: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(body).into();
        // 128 bits: two bodies of one resource never share them by chance.
        let half = u128::from_be_bytes(digest.first_chunk().copied().unwrap_or_default());
        let tag = HeaderValue::try_from(format!("\"{half:032x}\""));
        Self(tag.unwrap_or_else(|_| HeaderValue::from_static("\"\"")))
    }

    /// Returns the value of the header `ETag`.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Returns whether the client has this body already, by `If-None-Match`: then the answer is 304.
    pub fn is_known_to(&self, request: &HttpRequest) -> bool {
        self.is_listed(request.headers())
    }

    fn is_listed(&self, headers: &HeaderMap) -> bool {
        let own = self.0.as_bytes();
        headers.get_all(header::IF_NONE_MATCH).any(|value| {
            let mut listed = value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
            listed.any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == own)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_known(tag: &EntityTag, sent: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in sent {
            headers.append(header::IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
        }
        tag.is_listed(&headers)
    }

    #[test]
    fn a_client_knows_a_body_whose_tag_it_lists() {
        let tag = EntityTag::of(b"{}");
        let own = tag.header();
        let own = own.to_str().unwrap();
        for sent in [own, "*", &format!("W/{own}"), &format!("\"other\" , {own}")] {
            assert!(is_known(&tag, &[sent]), "{sent}");
        }
        assert!(is_known(&tag, &["\"other\"", own]));
        for sent in ["", "\"other\"", own.trim_matches('"')] {
            assert!(!is_known(&tag, &[sent]), "{sent}");
        }
        assert!(!is_known(&tag, &[]));
    }

    #[test]
    fn other_bodies_have_other_tags() {
        assert_eq!(EntityTag::of(b"{}"), EntityTag::of(b"{}"));
        assert_ne!(EntityTag::of(b"{}"), EntityTag::of(b"{ }"));
    }
}
