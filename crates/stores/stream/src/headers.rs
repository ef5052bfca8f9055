use bytes::{BufMut, Bytes, BytesMut};

/// The length that marks an absent value, which differs from an empty one.
const ABSENT: u32 = u32::MAX;

/// The headers of a record, in their order; a name may occur twice.
///
/// All are in one allocation, since every record has some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// For each header its name and its value, each preceded by its length in four bytes.
    encoded: Bytes,
}

impl Headers {
    /// Returns every name, with its value if it has one.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        let mut rest = &*self.encoded;
        std::iter::from_fn(move || {
            let name = std::str::from_utf8(take(&mut rest)??).ok()?;
            Some((name, take(&mut rest)?))
        })
    }

    /// Returns the value of the first header of this name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(found, _)| *found == name)?.1
    }

    /// Returns their size in bytes.
    pub(crate) fn len(&self) -> usize {
        self.encoded.len()
    }

    /// Takes over what [`put`] has written.
    pub(crate) fn encoded(encoded: Bytes) -> Self {
        Self { encoded }
    }
}

impl<'a> FromIterator<(&'a str, Option<&'a [u8]>)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, Option<&'a [u8]>)>>(headers: I) -> Self {
        let mut encoded = BytesMut::new();
        for (name, value) in headers {
            put(&mut encoded, name, value);
        }
        Self { encoded: encoded.freeze() }
    }
}

/// Appends a header to `encoded`. A length always fits, since Kafka's records are far smaller.
pub(crate) fn put(encoded: &mut BytesMut, name: &str, value: Option<&[u8]>) {
    for part in [Some(name.as_bytes()), value] {
        let length = part.map_or(ABSENT, |part| part.len().try_into().unwrap_or(ABSENT));
        encoded.put_u32_le(length);
        encoded.put_slice(part.unwrap_or_default());
    }
}

/// Takes the next part: `None` at the end, `Some(None)` for an absent value.
fn take<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length);
    if length == ABSENT {
        *rest = after;
        return Some(None);
    }
    let (part, after) = after.split_at_checked(length.try_into().ok()?)?;
    *rest = after;
    Some(Some(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_keep_their_order_their_bytes_and_whether_there_is_a_value() {
        let given: [(&str, Option<&[u8]>); 5] = [
            ("schema", Some(b"1")),
            ("", Some(b"")),
            ("code", None),
            ("schema", Some(&[0xff, 0, 0xfe])),
            ("größe", Some(b"xl")),
        ];
        let headers = Headers::from_iter(given);
        assert_eq!(headers.iter().collect::<Vec<_>>(), given);
        assert_eq!(headers.get("schema"), Some(&b"1"[..]), "the first of two");
        assert_eq!(headers.get("code"), None);
        assert_eq!(Headers::default().iter().count(), 0);
    }
}
