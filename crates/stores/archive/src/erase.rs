use crate::{Archive, ArchiveError, ArchivedRecord, ObjectKey, Stored};

/// An object after an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// The object as it is now.
    pub stored: Stored,
    /// How many records were erased in it by this call.
    pub records: u64,
}

impl Archive {
    /// Erases the records with this key in an object. As [`Archive::erase_records`].
    ///
    /// # Errors
    /// As [`Archive::erase_records`].
    pub async fn erase(&self, object: ObjectKey, key: &str) -> Result<Erased, ArchiveError> {
        let key = key.as_bytes().to_vec();
        self.erase_records(object, move |record| record.key.as_deref() == Some(&key[..])).await
    }

    /// Erases the records of an object that `is_wanted` picks: offset and time stay, so that the object still has every
    /// record of its range; key, headers and payload go. An object without such records is left unchanged.
    /// Doing it again makes the same bytes. `is_wanted` is called once for each record that is not erased yet.
    ///
    /// # Errors
    /// [`ArchiveError::Missing`], [`ArchiveError::Damaged`], [`ArchiveError::Locked`], or the archive or its data keys
    /// are unavailable.
    pub async fn erase_records(
        &self,
        object: ObjectKey,
        is_wanted: impl Fn(&ArchivedRecord) -> bool + Send + 'static,
    ) -> Result<Erased, ArchiveError> {
        let found = self.find(object).await?.ok_or(ArchiveError::Missing(object))?;
        let (stored, mut records) = found;
        let erase = move || {
            let erased = records.iter_mut().map(|record| u64::from(record.erase_if(&is_wanted)));
            let count = erased.sum::<u64>();
            (records, count)
        };
        let (records, count) = tokio::task::spawn_blocking(erase).await?;
        if count == 0 {
            return Ok(Erased { stored, records: 0 });
        }
        let written = self.write(object, records).await?;
        self.location().replace(&object, written.bytes.clone()).await?;
        Ok(Erased { stored: written.stored, records: count })
    }
}

impl ArchivedRecord {
    /// Erases what the record holds: only its place and time stay.
    pub fn erase(&mut self) {
        self.key = None;
        self.headers = Vec::new();
        self.payload = None;
    }

    /// Returns the place of the record, as it is once the record is erased.
    pub(crate) fn place(&self) -> Self {
        let (key, headers, payload) = (None, Vec::new(), None);
        Self { offset: self.offset, log_time: self.log_time, key, headers, payload }
    }

    /// Whether only the place is left.
    pub(crate) fn is_erased(&self) -> bool {
        self.key.is_none() && self.headers.is_empty() && self.payload.is_none()
    }

    /// Erases the record if it is wanted. Returns whether it was.
    fn erase_if(&mut self, is_wanted: impl Fn(&Self) -> bool) -> bool {
        let erases = self.key.is_some() && is_wanted(self);
        if erases {
            self.erase();
        }
        erases
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

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
        let is_wanted = |record: &ArchivedRecord| record.key.as_deref() == Some(&b"acme"[..]);
        assert!(own.erase_if(is_wanted));
        assert_eq!((own.key, own.payload, own.offset), (None, None, other.offset));
        assert!(!other.erase_if(is_wanted));
        assert_eq!(other, record("acme-2"));
    }
}
