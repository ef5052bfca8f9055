use std::sync::Arc;

use auth::{Password, PasswordHash};
use problem::{Code, Problem};
use tokio::sync::Semaphore;

use crate::failure::{Failure, retry_after};

/// How many requests may wait for a core.
const MAX_WAITING: usize = 64;

/// Hashes passwords on blocking threads, one per core, so that logins do not starve other requests.
#[derive(Clone)]
pub(crate) struct PasswordGate {
    cores: Arc<Semaphore>,
    slots: Arc<Semaphore>,
}

impl PasswordGate {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cores: Arc::new(Semaphore::new(cores)),
            slots: Arc::new(Semaphore::new(cores + MAX_WAITING)),
        }
    }

    /// Returns whether the password is correct. Without a hash it does the same work.
    pub(crate) async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, Failure> {
        self.work(move || password.verify(hash.as_ref())).await
    }

    /// Returns the hash of a password.
    pub(crate) async fn hash(&self, password: Password) -> Result<PasswordHash, Failure> {
        Ok(self.work(move || password.hash()).await??)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let busy = || {
            Problem::new(Code::Unavailable, "Too many logins at once. Try again.")
                .with_retry_after(retry_after::PASSWORD)
        };
        let _slot = self.slots.try_acquire().map_err(|_| busy())?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| busy())?;
        // The core is in use until the work ends, even if its request is cancelled.
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(core);
            done
        });
        Ok(working.await.map_err(Problem::internal)?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_request_is_refused_when_every_slot_is_in_use() {
        let gate =
            PasswordGate { cores: Arc::new(Semaphore::new(1)), slots: Arc::new(Semaphore::new(1)) };
        let (release, held) = mpsc::channel::<()>();
        let slow = gate.work(move || held.recv());
        let next = async {
            tokio::task::yield_now().await;
            let refused = gate.work(|| ()).await;
            release.send(()).unwrap();
            Problem::from(refused.unwrap_err())
        };
        let (slow, refused) = tokio::join!(slow, next);
        assert_eq!(refused.kind().status(), 503);
        assert!(slow.unwrap().is_ok());
        assert!(gate.work(|| ()).await.is_ok());
    }
}
