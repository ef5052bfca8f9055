use std::fmt;

use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::WriteMultipart;
use sha2::{Digest, Sha256};
use tenancy::ClientId;
use uuid::Uuid;

use crate::{ArchiveError, ReportFileError, ReportFiles};

/// How many parts of a file are on their way at once.
const PARTS_IN_FLIGHT: usize = 2;

/// The name of a report file: what one attempt of a job of a tenant writes. No two attempts share a
/// name, so that one that was given up on cannot replace the file of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFileKey {
    /// The tenant.
    pub client_id: ClientId,
    /// The job.
    pub job_id: Uuid,
    /// The number of the attempt, from 1.
    pub attempt: u32,
}

/// A report file that is being written. Nothing is there under its name until it is completed.
pub struct ReportFileWriter {
    pub(crate) files: ReportFiles,
    pub(crate) key: ReportFileKey,
    pub(crate) upload: WriteMultipart,
    pub(crate) hash: Sha256,
    pub(crate) bytes: u64,
}

/// A report file that is being read.
pub struct ReportFileReader {
    /// Its size.
    pub bytes: u64,
    /// Its parts.
    pub parts: BoxStream<'static, Result<Bytes, ReportFileError>>,
}

/// A complete report file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// Its path in the object store, below the tenant's prefix.
impl fmt::Display for ReportFileKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client_id, job_id, attempt } = self;
        write!(out, "reports/{client_id}/{job_id}/{attempt}")
    }
}

impl ReportFileWriter {
    /// Writes the next part.
    ///
    /// # Errors
    /// The object store is unavailable: abort.
    pub async fn write(&mut self, part: Bytes) -> Result<(), ReportFileError> {
        let ready = self.upload.wait_for_capacity(PARTS_IN_FLIGHT).await;
        ready.map_err(ArchiveError::unavailable("write a report file"))?;
        self.hash.update(&part);
        self.bytes += part.len() as u64;
        self.upload.put(part);
        Ok(())
    }

    /// Returns the bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Gives the file its name, in one step. It is durable when this returns.
    ///
    /// # Errors
    /// The object store is unavailable; the file may be there all the same.
    pub async fn complete(self) -> Result<WrittenFile, ReportFileError> {
        let Self { files, key, upload, hash, bytes } = self;
        let finished = upload.finish().await;
        finished.map_err(ArchiveError::unavailable("complete a report file"))?;
        files.settle(&key).await?;
        Ok(WrittenFile { bytes, sha256: hash.finalize().into() })
    }

    /// Removes what is written so far.
    ///
    /// # Errors
    /// The object store is unavailable. A bucket then keeps the parts until its rule for incomplete
    /// uploads removes them.
    pub async fn abort(self) -> Result<(), ReportFileError> {
        let aborted = self.upload.abort().await;
        Ok(aborted.map_err(ArchiveError::unavailable("abort a report file"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_below_its_tenant_and_each_attempt_has_its_own() {
        let key = |attempt| ReportFileKey {
            client_id: "acme".parse().unwrap(),
            job_id: Uuid::from_u128(7),
            attempt,
        };
        let job = "reports/acme/00000000-0000-0000-0000-000000000007";
        assert_eq!(
            [1, 2].map(|one| key(one).to_string()),
            [format!("{job}/1"), format!("{job}/2")]
        );
    }
}
