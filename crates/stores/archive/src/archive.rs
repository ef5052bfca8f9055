use std::sync::Arc;

use auth::{DataKeyStore, DataKeys};
use bytes::Bytes;
use settings::InvalidSetting;

use crate::{
    ArchiveError, ArchiveSettings, ArchivedRecord, ErasureRegister, Object, ObjectKey, ReportFiles,
    Stored,
    content::{self, Content},
    location::{Location, Put},
    object::digest,
};

/// Every record of the log, until it is erased. Cloning shares the connections.
#[derive(Clone)]
pub struct Archive {
    location: Arc<Location>,
    keys: Arc<dyn DataKeyStore>,
    encrypts: bool,
}

impl Archive {
    /// Opens the archive that `settings` describe, whose objects are encrypted with `keys`. Reads and writes nothing
    /// yet.
    ///
    /// # Errors
    /// The first invalid setting, with the rule it breaks.
    pub fn new(
        settings: &ArchiveSettings,
        keys: Arc<dyn DataKeyStore>,
    ) -> Result<Self, InvalidSetting> {
        let location = Arc::new(Location::new(settings)?);
        Ok(Self { location, keys, encrypts: settings.encrypt })
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

    /// Makes an object of `records`, which are in the order of the log. The same records make the same bytes, as long
    /// as their tenants have the same data keys. Keys that do not exist yet are made.
    ///
    /// # Errors
    /// [`ArchiveError::Unwritable`], [`ArchiveError::DataKeys`].
    pub async fn write(
        &self,
        key: ObjectKey,
        records: Vec<ArchivedRecord>,
    ) -> Result<Object, ArchiveError> {
        let keys = if self.encrypts {
            Some(self.keys.ensure_data_keys(&content::owners(&records)).await?)
        } else {
            None
        };
        let write = move || -> Result<Object, ArchiveError> {
            let bytes = match keys {
                Some(keys) => content::write(key, &records, &keys)?,
                None => content::write_clear(key, &records)?,
            };
            Ok(Object::new(key, records, bytes))
        };
        tokio::task::spawn_blocking(write).await?
    }

    /// Puts an object unless one of its name exists. Several processes may put the same object,
    /// repeatedly and concurrently: an existing object with the same records counts, and is
    /// returned. The object is durable when this returns.
    ///
    /// # Errors
    /// [`ArchiveError::Differs`]: an object of this name exists with other records; it is left
    /// unchanged. [`ArchiveError::Locked`]: nobody can read the existing one. After any other error, try again.
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
    /// [`ArchiveError::Damaged`] or [`ArchiveError::Locked`]: the object exists, but cannot be read.
    pub async fn find(
        &self,
        key: ObjectKey,
    ) -> Result<Option<(Stored, Vec<ArchivedRecord>)>, ArchiveError> {
        let bytes = match self.location.get(&key).await {
            Ok(bytes) => bytes,
            Err(ArchiveError::Missing(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let records = self.records(key, bytes.clone()).await?;
        let count = records.len() as u64;
        let stored = tokio::task::spawn_blocking(move || Stored::of(&bytes, count)).await?;
        Ok(Some((stored, records)))
    }

    /// Returns the records of an object with a known SHA-256.
    ///
    /// # Errors
    /// [`ArchiveError::Missing`] or [`ArchiveError::Damaged`]: the archive has lost the records.
    /// [`ArchiveError::Locked`]: their data key is lost.
    pub async fn read(
        &self,
        key: ObjectKey,
        sha256: &[u8; 32],
    ) -> Result<Vec<ArchivedRecord>, ArchiveError> {
        let bytes = self.verified_bytes(key, sha256).await?;
        self.records(key, bytes).await
    }

    /// Returns the records in the bytes of an object.
    async fn records(
        &self,
        key: ObjectKey,
        bytes: Bytes,
    ) -> Result<Vec<ArchivedRecord>, ArchiveError> {
        let content = Content::parse(key, bytes)?;
        let keys = match content.owners() {
            owners if owners.is_empty() => DataKeys::new(),
            owners => self.keys.data_keys(&owners).await?,
        };
        tokio::task::spawn_blocking(move || content.records(key, &keys)).await?
    }

    /// Checks that an object exists with every byte.
    ///
    /// # Errors
    /// [`ArchiveError::Missing`] or [`ArchiveError::Damaged`].
    pub async fn verify(&self, key: ObjectKey, sha256: &[u8; 32]) -> Result<(), ArchiveError> {
        self.verified_bytes(key, sha256).await.map(drop)
    }

    /// Checks that an object exists with the expected size, without reading it.
    ///
    /// # Errors
    /// As [`Archive::verify`].
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
        let key = new.key;
        let present = self.location.get(&key).await?;
        let found = {
            let hashed = present.clone();
            let count = new.stored.records;
            tokio::task::spawn_blocking(move || Stored::of(&hashed, count)).await?
        };
        if found == new.stored {
            return Ok(found);
        }
        match self.records(key, present).await {
            Ok(records) if *records == *new.records => Ok(found),
            Ok(_) | Err(ArchiveError::Damaged { .. }) => Err(ArchiveError::Differs(key)),
            Err(error) => Err(error),
        }
    }
}
