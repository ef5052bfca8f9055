use bytes::Bytes;

use crate::{Archive, ArchiveError, ArchivedRecord, Object, ObjectKey, Stored};

/// An object without the records of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// The object as it is now.
    pub stored: Stored,
    /// How many records were erased in it by this call.
    pub records: u64,
}

impl Archive {
    /// Erases the records with this key in an object: offset and time stay, so that the object still has every
    /// record of its range; key, headers and payload go. An object without such records is left unchanged.
    /// Doing it again makes the same bytes.
    ///
    /// # Errors
    /// [`ArchiveError::Missing`], [`ArchiveError::Damaged`], or the archive is unavailable.
    pub async fn erase(&self, object: ObjectKey, key: &str) -> Result<Erased, ArchiveError> {
        let found = self.find(object).await?.ok_or(ArchiveError::Missing(object))?;
        let (stored, mut records) = found;
        let key = Bytes::copy_from_slice(key.as_bytes());
        let erased = records.iter_mut().map(|record| u64::from(record.erase_if_of(&key))).sum();
        if erased == 0 {
            return Ok(Erased { stored, records: 0 });
        }
        let write = move || Object::write(object, &records);
        let written = tokio::task::spawn_blocking(write).await??;
        self.location().replace(&object, written.bytes.clone()).await?;
        Ok(Erased { stored: written.stored, records: erased })
    }
}

impl ArchivedRecord {
    /// Erases what the record holds: only its place and time stay.
    pub fn erase(&mut self) {
        self.key = None;
        self.headers = Vec::new();
        self.payload = None;
    }

    /// Erases the record if it has this key. Returns whether it had.
    fn erase_if_of(&mut self, key: &Bytes) -> bool {
        let is_of = self.key.as_ref() == Some(key);
        if is_of {
            self.erase();
        }
        is_of
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_records_of_the_key_are_erased_and_keep_their_place() {
        let record = |key: &'static str| ArchivedRecord {
            offset: log::Offset::new(7),
            log_time: chrono::DateTime::UNIX_EPOCH,
            key: Some(Bytes::from_static(key.as_bytes())),
            headers: Vec::new(),
            payload: Some(Bytes::from_static(b"{}")),
        };
        let (mut own, mut other) = (record("acme"), record("acme-2"));
        let key = Bytes::from_static(b"acme");
        assert!(own.erase_if_of(&key));
        assert_eq!((own.key, own.payload, own.offset), (None, None, other.offset));
        assert!(!other.erase_if_of(&key));
        assert_eq!(other, record("acme-2"));
    }
}
