use std::{net::IpAddr, sync::Arc};

use auth::{Password, PasswordHash};
use problem::{Code, Problem};
use shares::Shares;
use tokio::sync::Semaphore;

use crate::failure::{Failure, retry_after};

/// How many requests may wait for a core.
const MAX_WAITING: usize = 64;

/// Hashes passwords on blocking threads, one per core, so that logins do not starve other requests. The
/// places are shared fairly: a client that tries many passwords waits for itself.
#[derive(Clone)]
pub(crate) struct PasswordGate {
    cores: Arc<Semaphore>,
    places: Shares<Vec<u8>, [u8; 32]>,
}

/// For whom a password is hashed.
#[derive(Clone, Copy)]
pub(crate) struct Claimant<'a> {
    /// A hash of the account, or of the token that stands for it.
    pub(crate) account: &'a [u8; 32],
    /// Where the request comes from.
    pub(crate) address: IpAddr,
}

impl PasswordGate {
    pub(crate) fn new() -> Self {
        Self::of(std::thread::available_parallelism().map_or(1, usize::from))
    }

    fn of(cores: usize) -> Self {
        Self {
            cores: Arc::new(Semaphore::new(cores)),
            places: Shares::new((cores + MAX_WAITING) as u64),
        }
    }

    /// Returns whether the password is correct. Without a hash it does the same work.
    pub(crate) async fn verify(
        &self,
        claimant: Claimant<'_>,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, Failure> {
        self.work(claimant, move || password.verify(hash.as_ref())).await
    }

    /// Returns the hash of a password.
    pub(crate) async fn hash(
        &self,
        claimant: Claimant<'_>,
        password: Password,
    ) -> Result<PasswordHash, Failure> {
        Ok(self.work(claimant, move || password.hash()).await??)
    }

    async fn work<T: Send + 'static>(
        &self,
        claimant: Claimant<'_>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let busy = || {
            Problem::new(Code::Unavailable, "Too many logins at once. Try again.")
                .with_retry_after(retry_after::PASSWORD)
        };
        let network = aggregates::network(claimant.address);
        let place = self.places.take(network, *claimant.account, 1).ok_or_else(busy)?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| busy())?;
        // Core and place are in use until the work ends, even if its request is cancelled.
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((core, place));
            done
        });
        Ok(working.await.map_err(Problem::internal)?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures::future::join_all;

    use super::*;

    const fn claimant(account: &[u8; 32], last: u8) -> Claimant<'_> {
        let address = std::net::Ipv4Addr::new(192, 0, 2, last);
        Claimant { account, address: IpAddr::V4(address) }
    }

    #[tokio::test]
    async fn a_client_that_fills_its_share_keeps_no_other_from_logging_in() {
        let gate = PasswordGate::of(1);
        let (release, held) = mpsc::channel::<()>();
        let slow = gate.work(claimant(&[0; 32], 1), move || held.recv());
        let others = async {
            tokio::task::yield_now().await;
            let many = (0..100).map(|_| gate.work(claimant(&[1; 32], 2), || ()));
            let next = gate.work(claimant(&[2; 32], 3), || ());
            let released = async {
                tokio::task::yield_now().await;
                release.send(()).unwrap();
            };
            tokio::join!(join_all(many), next, released)
        };
        let (slow, (many, next, ())) = tokio::join!(slow, others);
        assert!(slow.unwrap().is_ok());
        let refused: Vec<_> = many.into_iter().filter_map(Result::err).map(Problem::from).collect();
        assert!((75..85).contains(&refused.len()), "{} of 100 were refused", refused.len());
        assert!(refused.iter().all(|problem| problem.kind().status() == 503));
        assert!(next.is_ok(), "another account, elsewhere");
        assert!(gate.work(claimant(&[1; 32], 2), || ()).await.is_ok(), "its places are free again");
    }
}
