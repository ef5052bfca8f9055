//! All files of the folder or bucket as they are stored, for backups: objects, report files and the register of
//! erasures.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use object_store::{ObjectStore, PutMode, PutPayload, path::Path};

use crate::{Archive, ArchiveError};

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its name below the folder or the prefix of the bucket.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last written. An erasure writes an object again.
    pub changed_at: DateTime<Utc>,
}

impl Archive {
    /// Returns every complete file, by name.
    ///
    /// # Errors
    /// The archive is unavailable.
    pub async fn stored_files(&self) -> Result<Vec<StoredFile>, ArchiveError> {
        let (store, root) = self.location().root().await?;
        let mut files =
            list(&*store, &root).await.map_err(ArchiveError::unavailable("list its files"))?;
        files.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(files)
    }

    /// Returns the bytes of a file; `None` if it was removed.
    ///
    /// # Errors
    /// The archive is unavailable.
    pub async fn stored_file(&self, name: &str) -> Result<Option<Bytes>, ArchiveError> {
        let (store, path) = self.location().at(name).await?;
        let read = async {
            match store.get_opts(&path, Default::default()).await {
                Ok(found) => found.bytes().await.map(Some),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        };
        read.await.map_err(ArchiveError::unavailable("read a file"))
    }

    /// Puts a file of a backup, unless there is one of its name. It is durable when this returns. Returns whether it
    /// was put.
    ///
    /// # Errors
    /// The archive is unavailable.
    pub async fn restore_file(&self, name: &str, bytes: Bytes) -> Result<bool, ArchiveError> {
        let (store, path) = self.location().at(name).await?;
        match store.put_opts(&path, PutPayload::from(bytes), PutMode::Create.into()).await {
            Ok(_) => self.location().settle(name).await.map(|()| true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(ArchiveError::unavailable("restore a file")(error)),
        }
    }
}

async fn list(store: &dyn ObjectStore, root: &Path) -> object_store::Result<Vec<StoredFile>> {
    let mut listed = store.list(Some(root));
    let mut files = Vec::new();
    while let Some(found) = listed.try_next().await? {
        let Some(parts) = found.location.prefix_match(root) else { continue };
        let parts: Vec<_> = parts.map(|part| AsRef::<str>::as_ref(&part).to_owned()).collect();
        let (bytes, changed_at) = (found.size, found.last_modified);
        files.push(StoredFile { name: parts.join("/"), bytes, changed_at });
    }
    Ok(files)
}
