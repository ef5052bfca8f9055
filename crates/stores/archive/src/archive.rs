use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::ParquetError;
use settings::InvalidSetting;

use crate::{
    ArchiveError, ArchiveSettings, ArchivedRecord, ErasureRegister, Object, ObjectKey, ReportFiles,
    Stored, file,
    location::{Location, Put},
    object::digest,
};

/// Every record of the log, until it is erased. Cloning shares the connections.
#[derive(Clone)]
pub struct Archive {
    location: Arc<Location>,
}

impl Archive {
    /// Opens the archive that `settings` describe. Reads and writes nothing yet.
    ///
    /// # Errors
    /// The first invalid setting, with the rule it breaks.
    pub fn new(settings: &ArchiveSettings) -> Result<Self, InvalidSetting> {
        Ok(Self { location: Arc::new(Location::new(settings)?) })
    }

    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    /// Returns the files of report jobs, which are in the same folder or bucket.
    pub fn report_files(&self) -> ReportFiles {
        ReportFiles::new(self.location.clone())
    }

    /// Returns the register of erased persons, which is in the same folder or bucket.
    pub fn erasure_register(&self) -> ErasureRegister {
        ErasureRegister::new(self.location.clone())
    }

    /// Puts an object unless one of its name exists. Several processes may put the same object,
    /// repeatedly and concurrently: an existing object with the same records counts, and is
    /// returned. The object is durable when this returns.
    ///
    /// # Errors
    /// [`ArchiveError::Differs`]: an object of this name exists with other records; it is left
    /// unchanged. After any other error, try again.
    pub async fn put(&self, object: &Object) -> Result<Stored, ArchiveError> {
        match self.location.put(&object.key, object.bytes.clone()).await? {
            Put::Created => Ok(object.stored),
            Put::Present => self.compare(object.clone()).await,
        }
    }

    /// Returns the object of this name, if it exists, with its records: for an object whose SHA-256
    /// is not known yet.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`]: the object exists, but cannot be read.
    pub async fn find(
        &self,
        key: ObjectKey,
    ) -> Result<Option<(Stored, Vec<ArchivedRecord>)>, ArchiveError> {
        let bytes = match self.location.get(&key).await {
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

    /// Returns the records of an object with a known SHA-256.
    ///
    /// # Errors
    /// [`ArchiveError::Missing`] or [`ArchiveError::Damaged`]: the archive has lost the records.
    pub async fn read(
        &self,
        key: ObjectKey,
        sha256: &[u8; 32],
    ) -> Result<Vec<ArchivedRecord>, ArchiveError> {
        let bytes = self.verified_bytes(key, sha256).await?;
        let read = tokio::task::spawn_blocking(move || file::read(bytes)).await?;
        read.map_err(damaged(key))
    }

    /// Checks that an object exists with every byte.
    ///
    /// # Errors
    /// As [`Archive::read`].
    pub async fn verify(&self, key: ObjectKey, sha256: &[u8; 32]) -> Result<(), ArchiveError> {
        self.verified_bytes(key, sha256).await.map(drop)
    }

    /// Checks that an object exists with the expected size, without reading it.
    ///
    /// # Errors
    /// As [`Archive::read`].
    pub async fn measure(&self, key: ObjectKey, bytes: u64) -> Result<(), ArchiveError> {
        let found = self.location.size(&key).await?;
        if found == bytes {
            return Ok(());
        }
        let reason = format!("it has {found} bytes and must have {bytes}");
        Err(ArchiveError::Damaged { object: key, reason })
    }

    /// Returns the bytes of an object, if they match its SHA-256.
    async fn verified_bytes(
        &self,
        key: ObjectKey,
        sha256: &[u8; 32],
    ) -> Result<Bytes, ArchiveError> {
        let bytes = self.location.get(&key).await?;
        let hashed = bytes.clone();
        let found = tokio::task::spawn_blocking(move || digest(&hashed)).await?;
        if found == *sha256 {
            return Ok(bytes);
        }
        let found = hex::encode(found);
        let expected = hex::encode(sha256);
        let reason = format!("its SHA-256 is {found} and must be {expected}");
        Err(ArchiveError::Damaged { object: key, reason })
    }

    /// Compares the existing object with `new`: the records must be equal. Another version of a
    /// library may have written them with other bytes.
    async fn compare(&self, new: Object) -> Result<Stored, ArchiveError> {
        let present = self.location.get(&new.key).await?;
        let key = new.key;
        let same = tokio::task::spawn_blocking(move || {
            let found = Stored::of(&present, new.stored.records);
            let same = found == new.stored
                || matches!(
                    (file::read(present), file::read(new.bytes)),
                    (Ok(present), Ok(new)) if present == new
                );
            same.then_some(found)
        });
        same.await?.ok_or(ArchiveError::Differs(key))
    }
}

fn damaged(object: ObjectKey) -> impl FnOnce(ParquetError) -> ArchiveError {
    move |error| ArchiveError::Damaged { object, reason: error.to_string() }
}
