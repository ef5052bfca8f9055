use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap, HeaderValue},
};
use sha2::{Digest, Sha256};

/// The `ETag` of a response: a hash of what it says. It is weak: bodies of one tag mean the same, but
/// may differ in when that was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag(HeaderValue);

impl EntityTag {
    /// Returns the tag of bodies that say this.
    pub fn of(content: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(content).into();
        // 128 bits: two bodies of one resource never share them by chance.
        let half = u128::from_be_bytes(digest.first_chunk().copied().unwrap_or_default());
        let tag = HeaderValue::try_from(format!("W/\"{half:032x}\""));
        Self(tag.unwrap_or_else(|_| HeaderValue::from_static("W/\"\"")))
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
        let own = opaque(self.0.as_bytes());
        headers.get_all(header::IF_NONE_MATCH).any(|value| {
            let mut listed = value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
            listed.any(|tag| tag == b"*" || opaque(tag) == own)
        })
    }
}

/// Returns a tag without the mark of a weak one, by which `If-None-Match` does not compare.
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
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
        let strong = own.trim_start_matches("W/");
        for sent in [own, strong, "*", &format!("\"other\" , {own}")] {
            assert!(is_known(&tag, &[sent]), "{sent}");
        }
        assert!(is_known(&tag, &["\"other\"", own]));
        for sent in ["", "\"other\"", strong.trim_matches('"')] {
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
