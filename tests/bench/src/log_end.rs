use std::time::Duration;

use stream::LogReader;
use testkit::{Platform, tenant_record, tenant_router};
use tokio::time::{Instant, sleep};

use crate::Failure;

/// Between two looks at the log.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The longest wait for records.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The end of a platform's log, as Kafka reports it.
pub(crate) struct LogEnd(LogReader);

impl LogEnd {
    /// Finds the log of a platform.
    ///
    /// # Errors
    /// No reader can be created.
    pub(crate) fn of(platform: &Platform) -> Result<Self, Failure> {
        // No record is read, so no tenant is looked up.
        let router = tenant_router(tenant_record(&"anybody".parse()?));
        Ok(Self(LogReader::new(&platform.log(), router)?))
    }

    /// Returns how many records the log has received.
    ///
    /// # Errors
    /// Kafka does not answer.
    pub(crate) async fn records(&self) -> Result<u64, Failure> {
        let ends = self.0.ends().await?;
        Ok(ends.iter().map(|(_, end)| end.get()).sum::<u64>())
    }

    /// Waits until the log has received `records` records, and returns how many it has then.
    ///
    /// # Errors
    /// Kafka does not answer, or records are missing in the end.
    pub(crate) async fn reached(&self, records: u64) -> Result<u64, Failure> {
        let began = Instant::now();
        loop {
            let received = self.records().await?;
            if received >= records {
                return Ok(received);
            }
            if began.elapsed() > TIMEOUT {
                return Err(format!("the log received {received} of {records} records").into());
            }
            sleep(LOOK_EVERY).await;
        }
    }
}
