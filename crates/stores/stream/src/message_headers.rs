//! Reads the headers of a message by calling librdkafka directly: the Rust binding panics at a name
//! that is not UTF-8, and any client that may write to the topic can choose such a name.
#![expect(unsafe_code, reason = "rdkafka has no safe call that reads any header's name")]

use std::{ffi::CStr, ptr, slice};

use bytes::BytesMut;
use rdkafka::{bindings::*, message::BorrowedMessage};

use crate::{headers, record::TRACEPARENT};

/// Adds the headers of `message` to `encoded`. Bytes of a name that are not UTF-8 become U+FFFD.
pub(crate) fn copy(message: &BorrowedMessage<'_>, encoded: &mut BytesMut) {
    let mut list = ptr::null_mut();
    // SAFETY: the message is alive and owns the list, if it has one.
    unsafe {
        if rd_kafka_message_headers(message.ptr(), &mut list) == NO_ERROR {
            copy_list(list, encoded);
        }
    }
}

/// Adds the header [`TRACEPARENT`] of `message` to `encoded`, if there is one.
pub(crate) fn copy_traceparent(message: &BorrowedMessage<'_>, encoded: &mut BytesMut) {
    let mut list = ptr::null_mut();
    let mut value = ptr::null();
    let mut size = 0;
    // SAFETY: the message is alive and owns the list, if it has one, and with it the value; the name ends with
    // a zero; a value has `size` bytes, an absent value is null.
    unsafe {
        if rd_kafka_message_headers(message.ptr(), &mut list) == NO_ERROR
            && rd_kafka_header_get_last(list, NAME.as_ptr(), &mut value, &mut size) == NO_ERROR
            && !value.is_null()
        {
            let value = slice::from_raw_parts(value.cast::<u8>(), size);
            headers::put(encoded, TRACEPARENT, Some(value));
        }
    }
}

/// [`TRACEPARENT`] as librdkafka reads names.
const NAME: &CStr = c"traceparent";

/// # Safety
/// The list must be alive.
unsafe fn copy_list(list: *const rd_kafka_headers_t, encoded: &mut BytesMut) {
    for index in 0.. {
        let mut name = ptr::null();
        let mut value = ptr::null();
        let mut size = 0;
        // SAFETY: name and value belong to the list, which is alive; a name ends with a zero; a
        // value has `size` bytes, an absent value is null.
        unsafe {
            let found = rd_kafka_header_get_all(list, index, &mut name, &mut value, &mut size);
            if found != NO_ERROR {
                return;
            }
            let name = CStr::from_ptr(name).to_string_lossy();
            let value = (!value.is_null()).then(|| slice::from_raw_parts(value.cast::<u8>(), size));
            headers::put(encoded, &name, value);
        }
    }
}

const NO_ERROR: rd_kafka_resp_err_t = rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Headers;

    fn read(given: &[(&[u8], Option<&[u8]>)]) -> Headers {
        let mut encoded = BytesMut::new();
        // SAFETY: names and values outlive the calls, which copy them; the list is destroyed once.
        unsafe {
            let list = rd_kafka_headers_new(given.len());
            for (name, value) in given {
                let (start, size) = match value {
                    Some(value) => (value.as_ptr(), value.len() as isize),
                    None => (ptr::null(), 0),
                };
                let (name, length) = (name.as_ptr(), name.len() as isize);
                rd_kafka_header_add(list, name.cast(), length, start.cast(), size);
            }
            copy_list(list, &mut encoded);
            rd_kafka_headers_destroy(list);
        }
        Headers::encoded(encoded.freeze())
    }

    #[test]
    fn a_name_that_is_not_utf_8_and_the_headers_after_it_are_read() {
        let headers = read(&[
            (b"code", Some(b"not_json")),
            (b"caf\xe9", Some(b"\xff\x00\xfe")),
            (b"empty", Some(b"")),
            (b"absent", None),
            (b"schema", Some(b"1")),
        ]);
        let expected: [(&str, Option<&[u8]>); 5] = [
            ("code", Some(b"not_json")),
            ("caf\u{fffd}", Some(b"\xff\x00\xfe")),
            ("empty", Some(b"")),
            ("absent", None),
            ("schema", Some(b"1")),
        ];
        assert_eq!(headers.iter().collect::<Vec<_>>(), expected);
    }
}
