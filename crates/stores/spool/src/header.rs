use std::time::{Duration, SystemTime};

const MAGIC: [u8; 7] = *b"FFSPOOL";
const VERSION: u8 = 1;

/// The bytes of a segment's header: magic and version, time in milliseconds, marker, CRC-32C; all
/// numbers little-endian.
pub(crate) const HEADER_BYTES: usize = 28;

/// Eight random bytes with which each frame of one segment begins. Senders of events cannot guess
/// them, so no event can be mistaken for a frame.
pub(crate) type Marker = [u8; 8];

/// The header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// When the segment was created, in milliseconds precision.
    pub(crate) created_at: SystemTime,
    pub(crate) marker: Marker,
}

/// Why a header cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    Damaged,
    Version(u8),
}

impl Header {
    pub(crate) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let since = self.created_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX).to_le_bytes();
        let fields = MAGIC.into_iter().chain([VERSION]).chain(millis).chain(self.marker);
        let checksum = checksum(&fields.clone().collect::<Vec<_>>()).to_le_bytes();
        let mut bytes = [0; HEADER_BYTES];
        bytes.iter_mut().zip(fields.chain(checksum)).for_each(|(slot, byte)| *slot = byte);
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8; HEADER_BYTES]) -> Result<Self, HeaderFault> {
        Self::checked(bytes).ok_or(HeaderFault::Damaged)?
    }

    /// Returns `None` when the checksum is wrong.
    fn checked(bytes: &[u8]) -> Option<Result<Self, HeaderFault>> {
        let (fields, sum) = bytes.split_last_chunk::<4>()?;
        let (magic, rest) = fields.split_first_chunk::<7>()?;
        let ([version], rest) = rest.split_first_chunk::<1>()?;
        let (millis, rest) = rest.split_first_chunk::<8>()?;
        if *magic != MAGIC || checksum(fields) != u32::from_le_bytes(*sum) {
            return None;
        }
        if *version != VERSION {
            return Some(Err(HeaderFault::Version(*version)));
        }
        let since = Duration::from_millis(u64::from_le_bytes(*millis));
        let created_at = SystemTime::UNIX_EPOCH.checked_add(since)?;
        Some(Ok(Self { created_at, marker: rest.try_into().ok()? }))
    }
}

fn checksum(fields: &[u8]) -> u32 {
    crc32c::crc32c(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let created_at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_000_000_123);
        Header { created_at, marker: *b"markmark" }
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        assert_eq!(Header::from_bytes(&header().to_bytes()), Ok(header()));
    }

    #[test]
    fn any_flipped_bit_is_detected() {
        for bit in 0..HEADER_BYTES * 8 {
            let mut bytes = header().to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::from_bytes(&bytes), Err(HeaderFault::Damaged), "bit {bit}");
        }
    }

    #[test]
    fn a_later_version_is_reported() {
        let mut bytes = header().to_bytes();
        bytes[7] = 9;
        let sum = checksum(&bytes[..24]).to_le_bytes();
        bytes[24..].copy_from_slice(&sum);
        assert_eq!(Header::from_bytes(&bytes), Err(HeaderFault::Version(9)));
    }
}
