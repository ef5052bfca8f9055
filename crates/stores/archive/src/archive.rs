use std::sync::Arc;

use bytes::Bytes;
use settings::InvalidSetting;
use sha2::{Digest, Sha256};

use crate::{
    ArchiveError, ArchiveSettings, ArchivedRecord, ObjectKey, file,
    place::{Place, Put},
};

/// Every record of the log, for good. Cloning shares the connections.
#[derive(Clone)]
pub struct Archive {
    place: Arc<Place>,
}

/// An object as it lies in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// How many records it holds.
    pub records: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Whether this call put it there; otherwise it was there before, with the same records.
    pub created: bool,
}

impl Archive {
    /// The archive that `settings` describe. Nothing is read or written yet.
    ///
    /// # Errors
    /// The first setting that is wrong, and what would be right.
    pub fn new(settings: &ArchiveSettings) -> Result<Self, InvalidSetting> {
        Ok(Self { place: Arc::new(Place::new(settings)?) })
    }

    /// Puts the records of a range, in the order of the log, as one object. May be repeated, by
    /// anyone and at the same time: an object of this name with the same records is as good as a
    /// new one. Once this has answered the object is durable.
    ///
    /// # Errors
    /// [`ArchiveError::Differs`]: there is an object of this name with other records; it was left
    /// as it is. After any other, ask again.
    pub async fn put(
        &self,
        key: ObjectKey,
        records: Arc<[ArchivedRecord]>,
    ) -> Result<Stored, ArchiveError> {
        let rows = Arc::clone(&records);
        let written = tokio::task::spawn_blocking(move || file::write(&key, &rows)).await?;
        let bytes = written.map_err(|source| ArchiveError::Unwritable { object: key, source })?;
        let stored = describe(&bytes, &records);
        match self.place.put(&key, bytes).await? {
            Put::Created => Ok(stored),
            Put::Present => self.compare(key, &records, stored).await,
        }
    }

    /// The records of an object, of which the SHA-256 is known.
    ///
    /// # Errors
    /// [`ArchiveError::Missing`] or [`ArchiveError::Damaged`]: they are lost here.
    pub async fn read(
        &self,
        key: ObjectKey,
        sha256: &[u8; 32],
    ) -> Result<Vec<ArchivedRecord>, ArchiveError> {
        let bytes = self.proven(key, sha256).await?;
        let read = tokio::task::spawn_blocking(move || file::read(bytes)).await?;
        read.map_err(|error| ArchiveError::Damaged { object: key, reason: error.to_string() })
    }

    /// Whether an object is there with every byte.
    ///
    /// # Errors
    /// As [`Archive::read`].
    pub async fn verify(&self, key: ObjectKey, sha256: &[u8; 32]) -> Result<(), ArchiveError> {
        self.proven(key, sha256).await.map(drop)
    }

    /// The bytes of an object, if they are those of its SHA-256.
    async fn proven(&self, key: ObjectKey, sha256: &[u8; 32]) -> Result<Bytes, ArchiveError> {
        let bytes = self.place.get(&key).await?;
        let hashed = bytes.clone();
        let found = tokio::task::spawn_blocking(move || digest(&hashed)).await?;
        if found == *sha256 {
            return Ok(bytes);
        }
        let (found, expected) = (hex::encode(found), hex::encode(sha256));
        let reason = format!("its SHA-256 is {found} and must be {expected}");
        Err(ArchiveError::Damaged { object: key, reason })
    }

    /// Whether the object that was there first is as good as ours. Another version of a library may
    /// have written the same records with other bytes.
    async fn compare(
        &self,
        key: ObjectKey,
        records: &Arc<[ArchivedRecord]>,
        ours: Stored,
    ) -> Result<Stored, ArchiveError> {
        let (bytes, records) = (self.place.get(&key).await?, Arc::clone(records));
        let found = tokio::task::spawn_blocking(move || {
            let found = Stored { created: false, ..describe(&bytes, &records) };
            let same = found.sha256 == ours.sha256
                || file::read(bytes).is_ok_and(|present| present[..] == records[..]);
            same.then_some(found)
        });
        found.await?.ok_or(ArchiveError::Differs(key))
    }
}

fn describe(bytes: &[u8], records: &[ArchivedRecord]) -> Stored {
    Stored {
        records: records.len() as u64,
        bytes: bytes.len() as u64,
        sha256: digest(bytes),
        created: true,
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
