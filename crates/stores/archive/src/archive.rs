use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::ParquetError;
use settings::InvalidSetting;

use crate::{
    ArchiveError, ArchiveSettings, ArchivedRecord, Object, ObjectKey, Stored, file,
    object::digest,
    place::{Place, Put},
};

/// Every record of the log, for good. Cloning shares the connections.
#[derive(Clone)]
pub struct Archive {
    place: Arc<Place>,
}

impl Archive {
    /// The archive that `settings` describe. Nothing is read or written yet.
    ///
    /// # Errors
    /// The first setting that is wrong, and what would be right.
    pub fn new(settings: &ArchiveSettings) -> Result<Self, InvalidSetting> {
        Ok(Self { place: Arc::new(Place::new(settings)?) })
    }

    /// Puts an object unless there is one of its name. May be repeated, by anyone and at the same
    /// time: one that is there with the same records is as good, and is what is told of then. Once
    /// this has answered the object is durable.
    ///
    /// # Errors
    /// [`ArchiveError::Differs`]: there is an object of this name with other records; it was left
    /// as it is. After any other, ask again.
    pub async fn put(&self, object: &Object) -> Result<Stored, ArchiveError> {
        match self.place.put(&object.key, object.bytes.clone()).await? {
            Put::Created => Ok(object.stored),
            Put::Present => self.compare(object.clone()).await,
        }
    }

    /// The object of this name, if there is one, with its records: for an object that nobody has
    /// vouched for yet.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`]: there is one, and it cannot be read.
    pub async fn find(
        &self,
        key: ObjectKey,
    ) -> Result<Option<(Stored, Vec<ArchivedRecord>)>, ArchiveError> {
        let bytes = match self.place.get(&key).await {
            Ok(bytes) => bytes,
            Err(ArchiveError::Missing(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let read = tokio::task::spawn_blocking(move || {
            let records = file::read(bytes.clone())?;
            Ok((Stored::of(&bytes, records.len() as u64), records))
        });
        read.await?.map(Some).map_err(damaged(key))
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
        read.map_err(damaged(key))
    }

    /// Whether an object is there with every byte.
    ///
    /// # Errors
    /// As [`Archive::read`].
    pub async fn verify(&self, key: ObjectKey, sha256: &[u8; 32]) -> Result<(), ArchiveError> {
        self.proven(key, sha256).await.map(drop)
    }

    /// Whether an object is there in its size, which tells without reading it.
    ///
    /// # Errors
    /// As [`Archive::read`].
    pub async fn measure(&self, key: ObjectKey, bytes: u64) -> Result<(), ArchiveError> {
        let found = self.place.size(&key).await?;
        if found == bytes {
            return Ok(());
        }
        let reason = format!("it has {found} bytes and must have {bytes}");
        Err(ArchiveError::Damaged { object: key, reason })
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
    async fn compare(&self, ours: Object) -> Result<Stored, ArchiveError> {
        let present = self.place.get(&ours.key).await?;
        let key = ours.key;
        let same = tokio::task::spawn_blocking(move || {
            let found = Stored::of(&present, ours.stored.records);
            let same = found == ours.stored
                || matches!(
                    (file::read(present), file::read(ours.bytes)),
                    (Ok(present), Ok(ours)) if present == ours
                );
            same.then_some(found)
        });
        same.await?.ok_or(ArchiveError::Differs(key))
    }
}

fn damaged(object: ObjectKey) -> impl FnOnce(ParquetError) -> ArchiveError {
    move |error| ArchiveError::Damaged { object, reason: error.to_string() }
}
