use std::{sync::Arc, time::Duration};

use auth::{Password, PasswordHash};
use problem::{Code, Problem};
use tokio::sync::Semaphore;

use crate::failure::Failure;

/// How many may wait for a core.
const WAITING_MOST: usize = 64;

/// Hashes passwords on blocking threads, as many at once as there are cores, so that logins can
/// starve nobody.
#[derive(Clone)]
pub(crate) struct PasswordGate {
    cores: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl PasswordGate {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cores: Arc::new(Semaphore::new(cores)),
            places: Arc::new(Semaphore::new(cores + WAITING_MOST)),
        }
    }

    /// Whether the password is right; the same work is done when there is no hash.
    pub(crate) async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, Failure> {
        self.work(move || password.verify(hash.as_ref())).await
    }

    /// What to keep of a password.
    pub(crate) async fn hash(&self, password: Password) -> Result<PasswordHash, Failure> {
        Ok(self.work(move || password.hash()).await??)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let busy = || {
            Problem::new(Code::Unavailable, "Too many logins at once. Try again.")
                .with_retry_after(Duration::from_secs(1))
        };
        let _place = self.places.try_acquire().map_err(|_| busy())?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| busy())?;
        // The core is taken until the work ends, even when nobody waits for it any more.
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
    async fn when_every_place_is_taken_the_next_is_sent_away() {
        let gate = PasswordGate {
            cores: Arc::new(Semaphore::new(1)),
            places: Arc::new(Semaphore::new(1)),
        };
        let (let_go, held) = mpsc::channel::<()>();
        let slow = gate.work(move || held.recv());
        let next = async {
            tokio::task::yield_now().await;
            let refused = gate.work(|| ()).await;
            let_go.send(()).unwrap();
            Problem::from(refused.unwrap_err())
        };
        let (slow, refused) = tokio::join!(slow, next);
        assert_eq!(refused.kind().status(), 503);
        assert!(slow.unwrap().is_ok());
        assert!(gate.work(|| ()).await.is_ok());
    }
}
