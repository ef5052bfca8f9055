use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use zstd::stream::write::Decoder as ZstdDecoder;

use super::Encoding;

/// Inflates a body chunk by chunk, and stops at the first byte over the limit, so that a
/// decompression bomb needs no more memory than that.
pub(super) struct Inflater(Stage);

enum Stage {
    /// The first chunk as it arrived, which is all of a short body; or the chunks joined.
    Identity(Bytes, Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
    Zstd(Box<ZstdDecoder<'static, Bounded>>),
}

/// Why a body could not be inflated.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum InflateError {
    /// It is larger than allowed.
    TooLarge,
    /// It does not match its encoding, or ends early.
    Malformed,
}

impl Inflater {
    /// Creates one for a body that may inflate to `limit` bytes.
    pub(super) fn new(encoding: Encoding, limit: usize) -> Result<Self, InflateError> {
        let bounded = Bounded { bytes: Vec::new(), limit, overrun: false };
        Ok(Self(match encoding {
            Encoding::Identity => Stage::Identity(Bytes::new(), bounded),
            Encoding::Gzip => Stage::Gzip(Box::new(MultiGzDecoder::new(bounded))),
            Encoding::Zstd => {
                let decoder = ZstdDecoder::new(bounded).and_then(|mut decoder| {
                    decoder.window_log_max(Encoding::ZSTD_WINDOW_LOG)?;
                    Ok(decoder)
                });
                Stage::Zstd(Box::new(decoder.map_err(|_| InflateError::Malformed)?))
            }
        }))
    }

    /// Inflates the next chunk of the body.
    pub(super) fn write(&mut self, chunk: Bytes) -> Result<(), InflateError> {
        let written = match &mut self.0 {
            Stage::Identity(first, joined) => {
                let is_first = first.is_empty() && joined.bytes.is_empty();
                if is_first && chunk.len() <= joined.limit {
                    *first = chunk;
                    return Ok(());
                }
                let first = std::mem::take(first);
                joined.write_all(&first).and_then(|()| joined.write_all(&chunk))
            }
            Stage::Gzip(decoder) => decoder.write_all(&chunk),
            Stage::Zstd(decoder) => decoder.write_all(&chunk),
        };
        written.map_err(|_| self.failure())
    }

    /// Returns how many bytes of the inflated body there are so far.
    pub(super) fn len(&self) -> usize {
        match &self.0 {
            Stage::Identity(first, joined) => first.len() + joined.bytes.len(),
            Stage::Gzip(decoder) => decoder.get_ref().bytes.len(),
            Stage::Zstd(decoder) => decoder.get_ref().bytes.len(),
        }
    }

    /// Returns the whole inflated body.
    pub(super) fn finish(mut self) -> Result<Bytes, InflateError> {
        let flushed = match &mut self.0 {
            Stage::Identity(..) => Ok(()),
            Stage::Gzip(decoder) => decoder.try_finish(),
            Stage::Zstd(decoder) => decoder.do_finish(),
        };
        flushed.map_err(|_| self.failure())?;
        match self.0 {
            Stage::Identity(only, joined) if joined.bytes.is_empty() => Ok(only),
            Stage::Identity(_, joined) => Ok(joined.bytes.into()),
            Stage::Gzip(decoder) => {
                let finished = decoder.finish().map_err(|_| InflateError::Malformed)?;
                Ok(finished.bytes.into())
            }
            Stage::Zstd(decoder) => Ok(decoder.into_inner().bytes.into()),
        }
    }

    fn failure(&self) -> InflateError {
        let bounded = match &self.0 {
            Stage::Identity(_, joined) => joined,
            Stage::Gzip(decoder) => decoder.get_ref(),
            Stage::Zstd(decoder) => decoder.get_ref(),
        };
        if bounded.overrun { InflateError::TooLarge } else { InflateError::Malformed }
    }
}

struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    overrun: bool,
}

impl Write for Bounded {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + chunk.len() > self.limit {
            self.overrun = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    fn inflate(encoding: Encoding, body: &[u8], limit: usize) -> Result<Bytes, InflateError> {
        let mut inflater = Inflater::new(encoding, limit)?;
        for chunk in body.chunks(7) {
            inflater.write(Bytes::copy_from_slice(chunk))?;
        }
        inflater.finish()
    }

    #[test]
    fn a_body_of_one_chunk_is_not_copied() {
        let body = Bytes::from_static(b"one chunk");
        let mut inflater = Inflater::new(Encoding::Identity, 9).unwrap();
        inflater.write(body.clone()).unwrap();
        assert_eq!(inflater.finish().unwrap().as_ptr(), body.as_ptr());
        let mut inflater = Inflater::new(Encoding::Identity, 8).unwrap();
        assert_eq!(inflater.write(body), Err(InflateError::TooLarge));
    }

    #[test]
    fn every_encoding_inflates_to_the_same_bytes_up_to_the_limit() {
        let body: Vec<u8> = (0..5_000_u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
        for (encoding, sent) in [
            (Encoding::Identity, body.clone()),
            (Encoding::Gzip, gzip(&body)),
            (Encoding::Zstd, zstd(&body)),
        ] {
            assert_eq!(inflate(encoding, &sent, body.len()).unwrap(), body, "{encoding:?}");
            let over = inflate(encoding, &sent, body.len() - 1);
            assert_eq!(over, Err(InflateError::TooLarge), "{encoding:?}");
        }
    }

    #[test]
    fn concatenated_members_are_one_body() {
        let sent = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(inflate(Encoding::Gzip, &sent, 100).unwrap(), b"one two"[..]);
        let sent = [zstd(b"one "), zstd(b"two")].concat();
        assert_eq!(inflate(Encoding::Zstd, &sent, 100).unwrap(), b"one two"[..]);
    }

    #[test]
    fn truncated_or_foreign_bytes_are_refused() {
        let body = b"some text that is long enough to be cut in many places";
        for (encoding, sent) in [(Encoding::Gzip, gzip(body)), (Encoding::Zstd, zstd(body))] {
            for end in 1..sent.len() {
                let cut = inflate(encoding, &sent[..end], 100);
                assert_eq!(cut, Err(InflateError::Malformed), "{encoding:?} cut at {end}");
            }
            let other = inflate(encoding, body, 100);
            assert_eq!(other, Err(InflateError::Malformed), "{encoding:?}");
            let mut followed = sent.clone();
            followed.extend_from_slice(b"and more");
            let followed = inflate(encoding, &followed, 100);
            assert_eq!(followed, Err(InflateError::Malformed), "{encoding:?}");
        }
    }

    #[test]
    fn inflating_a_bomb_stops_at_the_limit() {
        let zeros = vec![0; 64 << 20];
        for (encoding, sent) in [(Encoding::Gzip, gzip(&zeros)), (Encoding::Zstd, zstd(&zeros))] {
            let mut inflater = Inflater::new(encoding, 1 << 20).unwrap();
            assert_eq!(inflater.write(sent.into()), Err(InflateError::TooLarge));
            let held = match &inflater.0 {
                Stage::Gzip(decoder) => decoder.get_ref().bytes.capacity(),
                Stage::Zstd(decoder) => decoder.get_ref().bytes.capacity(),
                Stage::Identity(..) => panic!("both are compressed"),
            };
            assert!(held <= 2 << 20, "{encoding:?} held {held}");
        }
    }
}
