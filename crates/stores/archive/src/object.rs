use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::{ArchivedRecord, ObjectKey};

/// The records of a range, ready to be put.
#[derive(Clone, Debug)]
pub struct Object {
    pub(crate) key: ObjectKey,
    pub(crate) records: Arc<[ArchivedRecord]>,
    pub(crate) bytes: Bytes,
    pub(crate) stored: Stored,
}

/// An object in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The number of its records.
    pub records: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

impl Object {
    pub(crate) fn new(key: ObjectKey, records: Vec<ArchivedRecord>, bytes: Vec<u8>) -> Self {
        let stored = Stored::of(&bytes, records.len() as u64);
        Self { key, records: records.into(), bytes: bytes.into(), stored }
    }

    /// Returns its size and hash in the archive.
    pub fn stored(&self) -> Stored {
        self.stored
    }
}

impl Stored {
    pub(crate) fn of(bytes: &[u8], records: u64) -> Self {
        Self { records, bytes: bytes.len() as u64, sha256: digest(bytes) }
    }
}

pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
