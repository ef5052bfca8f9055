use std::time::Duration;

use crate::{AggregatesError, TenantAggregates};

/// How long reads are kept: what changes rows without raising the version, such as the deletion of expired
/// ones, shows after this time at the latest.
const KEPT: Duration = Duration::from_mins(10);
/// The most bytes of the kept reads of one tenant.
const MOST_BYTES: usize = 4 << 20;
/// How long a call may take: ClickHouse answers without Redis, too.
const TIMEOUT: Duration = Duration::from_millis(100);

/// Names what is read: a hash of the statement, of its parameters and of the tables.
pub type Fingerprint = [u8; 32];

/// What was read from ClickHouse about finished ranges. Every key is the tenant's own, so no tenant gets
/// what was read for another.
impl TenantAggregates {
    /// The most bytes of one kept read.
    pub const KEPT_READ_BYTES: usize = 256 << 10;

    /// Returns what was read under this version of the tenant's data; `None` if it is not kept.
    ///
    /// # Errors
    /// Redis did not answer in time.
    pub async fn kept_read(
        &self,
        version: u64,
        read: &Fingerprint,
    ) -> Result<Option<Vec<u8>>, AggregatesError> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.keys.kept_reads()).arg("version").arg(read.as_slice());
        let mut connection = self.aggregates.connection();
        let answer = command.query_async::<(Option<u64>, Option<Vec<u8>>)>(&mut connection);
        let (kept, value) = in_time(answer).await?;
        Ok(value.filter(|_| kept == Some(version)))
    }

    /// Keeps what was read after `version` was the version of the tenant's data. Drops what was read under
    /// earlier versions. Does nothing for a value that is too large, or if the tenant's values take up all of
    /// their room.
    ///
    /// # Errors
    /// Redis did not answer in time.
    pub async fn keep_read(
        &self,
        version: u64,
        read: &Fingerprint,
        value: &[u8],
    ) -> Result<(), AggregatesError> {
        if value.len() > Self::KEPT_READ_BYTES {
            return Ok(());
        }
        let mut invocation = self.aggregates.scripts.keep_read.prepare_invoke();
        invocation
            .key(self.keys.kept_reads())
            .arg(version)
            .arg(read.as_slice())
            .arg(value)
            .arg(MOST_BYTES)
            .arg(KEPT.as_secs());
        let mut connection = self.aggregates.connection();
        in_time(invocation.invoke_async::<i64>(&mut connection)).await.map(drop)
    }
}

async fn in_time<T>(
    answer: impl Future<Output = redis::RedisResult<T>>,
) -> Result<T, AggregatesError> {
    let late = |_| redis::RedisError::from((redis::ErrorKind::Io, "no answer in time"));
    Ok(tokio::time::timeout(TIMEOUT, answer).await.map_err(late)??)
}
