use actix_web::http::header::{CONTENT_ENCODING, HeaderMap};
use problem::{Code, Problem};

/// The compression of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    /// Reads the encoding of a request, if it is supported.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut named = headers.get_all(CONTENT_ENCODING);
        let sent = named.next().map_or(Ok("identity"), |value| value.to_str());
        let sent = sent.unwrap_or_default().trim().to_ascii_lowercase();
        match (sent.as_str(), named.next()) {
            ("identity", None) => Ok(Self::Identity),
            ("gzip" | "x-gzip", None) => Ok(Self::Gzip),
            ("zstd", None) => Ok(Self::Zstd),
            _ => Err(Problem::new(
                Code::UnsupportedMediaType,
                "Send the body uncompressed, or compressed once with `Content-Encoding: gzip` or \
                 `zstd`.",
            )),
        }
    }

    /// The largest window of a zstd body, as a power of two: 8 MiB, the limit of RFC 9659.
    pub(super) const ZSTD_WINDOW_LOG: u32 = 23;

    /// The memory that inflating may need besides the result, in bytes.
    pub(crate) const fn working_bytes(self) -> usize {
        match self {
            Self::Identity => 0,
            Self::Gzip => 64 << 10,
            Self::Zstd => 1 << Self::ZSTD_WINDOW_LOG,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}
