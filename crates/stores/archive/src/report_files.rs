use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStoreExt, WriteMultipart};
use parquet::{errors::ParquetError, file::metadata::ParquetMetaDataReader};
use sha2::{Digest, Sha256};
use tenancy::ClientId;

use crate::{ArchiveError, ReportFileKey, ReportFileReader, ReportFileWriter, location::Location};

/// The size of a part of an upload. S3 accepts 10,000 parts, so a file has at most 160 GB.
const PART: usize = 16 * 1024 * 1024;
/// The end of a Parquet file: the length of its metadata, and four letters.
const PARQUET_END: u64 = 8;

/// The files of report jobs, below `reports/` in the folder or bucket of the archive. Cloning shares
/// the connections.
#[derive(Clone)]
pub struct ReportFiles {
    location: Arc<Location>,
}

/// A report file could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ReportFileError {
    /// The object store is unavailable; worth trying again.
    #[error(transparent)]
    Unavailable(#[from] ArchiveError),
    /// The file does not exist.
    #[error("the report file {0} does not exist")]
    Missing(String),
    /// The file is not the Parquet that it must be.
    #[error("a report file is not valid Parquet")]
    Unreadable(#[from] ParquetError),
}

impl ReportFiles {
    pub(crate) fn new(location: Arc<Location>) -> Self {
        Self { location }
    }

    /// Begins a file.
    ///
    /// # Errors
    /// The object store is unavailable.
    pub async fn create(&self, key: ReportFileKey) -> Result<ReportFileWriter, ReportFileError> {
        let (store, path) = self.location.at(&key.to_string()).await?;
        let upload = store.put_multipart(&path).await;
        let upload = upload.map_err(ArchiveError::unavailable("begin a report file"))?;
        let upload = WriteMultipart::new_with_chunk_size(upload, PART);
        Ok(ReportFileWriter { files: self.clone(), key, upload, hash: Sha256::new(), bytes: 0 })
    }

    /// Opens a complete file.
    ///
    /// # Errors
    /// [`ReportFileError::Missing`], or the object store is unavailable.
    pub async fn open(&self, key: &ReportFileKey) -> Result<ReportFileReader, ReportFileError> {
        let (store, path) = self.location.at(&key.to_string()).await?;
        let found = store.get(&path).await.map_err(|error| read_error(key, error))?;
        let bytes = found.meta.size;
        let parts = found.into_stream().map_err(|error| {
            ReportFileError::from(ArchiveError::unavailable("read a report file")(error))
        });
        Ok(ReportFileReader { bytes, parts: parts.boxed() })
    }

    /// Removes a file, complete or half written, if it exists.
    ///
    /// # Errors
    /// The object store is unavailable.
    pub async fn remove(&self, key: &ReportFileKey) -> Result<(), ReportFileError> {
        Ok(self.location.remove(&key.to_string()).await?)
    }

    /// Removes all files of a tenant, complete or not. Returns how many there were.
    ///
    /// # Errors
    /// The object store is unavailable; repeat it.
    pub async fn remove_all(&self, client_id: &ClientId) -> Result<u64, ReportFileError> {
        Ok(self.location.remove_below(&format!("reports/{client_id}")).await?)
    }

    /// Returns the number of rows of a complete Parquet file of `bytes`. Reads its metadata only.
    ///
    /// # Errors
    /// It is no Parquet file, or the object store is unavailable.
    pub async fn parquet_rows(
        &self,
        key: &ReportFileKey,
        bytes: u64,
    ) -> Result<u64, ReportFileError> {
        let (store, path) = self.location.at(&key.to_string()).await?;
        let too_short = || ParquetError::General("the file is too short".to_owned());
        let end = bytes.checked_sub(PARQUET_END).ok_or_else(too_short)?;
        let failed = |error| read_error(key, error);
        let length = store.get_range(&path, end..bytes).await.map_err(failed)?;
        let length = length.first_chunk().copied().map(u32::from_le_bytes);
        let begin = length.and_then(|length| end.checked_sub(length.into()));
        let begin = begin.ok_or_else(too_short)?;
        let metadata = store.get_range(&path, begin..end).await.map_err(failed)?;
        let metadata = ParquetMetaDataReader::decode_metadata(&metadata)?;
        Ok(metadata.file_metadata().num_rows().unsigned_abs())
    }

    pub(crate) async fn settle(&self, key: &ReportFileKey) -> Result<(), ReportFileError> {
        Ok(self.location.settle(&key.to_string()).await?)
    }
}

fn read_error(key: &ReportFileKey, error: object_store::Error) -> ReportFileError {
    match error {
        object_store::Error::NotFound { .. } => ReportFileError::Missing(key.to_string()),
        error => ArchiveError::unavailable("read a report file")(error).into(),
    }
}
