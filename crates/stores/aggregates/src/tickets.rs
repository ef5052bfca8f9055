use std::time::Duration;

use crate::{Aggregates, AggregatesError};

impl Aggregates {
    /// Keeps what a one-use ticket stands for. Only the ticket's hash is known here.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn put_ticket(
        &self,
        hash: &[u8; 32],
        contents: &str,
        lifetime: Duration,
    ) -> Result<(), AggregatesError> {
        let mut command = redis::cmd("SET");
        command.arg(self.keys.ticket(hash)).arg(contents).arg("EX").arg(lifetime.as_secs().max(1));
        Ok(command.exec_async(&mut self.connection()).await?)
    }

    /// Takes what a ticket stands for; `None` when it was taken before, has run out or never was.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn take_ticket(&self, hash: &[u8; 32]) -> Result<Option<String>, AggregatesError> {
        let mut command = redis::cmd("GETDEL");
        command.arg(self.keys.ticket(hash));
        Ok(command.query_async(&mut self.connection()).await?)
    }
}
