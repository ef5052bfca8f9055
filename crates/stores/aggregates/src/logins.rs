use std::{net::IpAddr, time::Duration};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Admission, Aggregates, AggregatesError, limits::micros};

/// How long an attempt waits for its limits. Longer than other requests, which are admitted without them:
/// an attempt is refused then, and a success that is not noted counts as a failure.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How many attempts have no delay between them.
const FREE_ATTEMPTS: u32 = 5;
/// The delay after them, which each further failure doubles.
const FIRST_DELAY: Duration = Duration::from_secs(12);
/// The longest delay between two attempts.
const LONGEST_DELAY: Duration = Duration::from_secs(15 * 60);
/// How long after the last attempt failures are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);
/// How long a network counts as known after an account has logged in from it.
const KNOWN_FOR: Duration = Duration::from_secs(90 * 86_400);
/// The time over which attempts are averaged.
const AVERAGED_OVER: Duration = Duration::from_secs(60);
/// Attempts from one network.
const PER_NETWORK: u32 = 20;
/// Failed logins of all accounts together, from networks from which they never logged in. Beyond them each
/// account's attempts have a delay, from the first failure on; none is refused for those of others.
const OF_ALL: u32 = 600;

/// Whether an attempt counts as one of all accounts together.
#[derive(Clone, Copy)]
enum Counted {
    WithAll,
    Alone,
}

impl Counted {
    /// Returns what the attempt costs of the rate of all.
    fn cost(self) -> u64 {
        match self {
            Self::WithAll => micros(AVERAGED_OVER / OF_ALL),
            Self::Alone => 0,
        }
    }
}

/// Returns the name under which the failures of a user are counted.
pub fn account_hash(user_id: Uuid) -> [u8; 32] {
    Sha256::digest(user_id.as_bytes()).into()
}

impl Aggregates {
    /// Admits a login attempt for the account, named by a hash, from the network of the address. It
    /// counts as failed until [`login_succeeded`](Self::login_succeeded).
    ///
    /// # Errors
    /// Redis did not answer. Then nobody may log in: without limits, passwords could be guessed. Who is
    /// logged in stays so.
    pub async fn login_attempt(
        &self,
        account: &[u8; 32],
        address: IpAddr,
    ) -> Result<Admission, AggregatesError> {
        self.attempt(account, address, Counted::WithAll).await
    }

    /// Notes that a login attempt has succeeded: it is no failure, and its network is known from now on.
    pub async fn login_succeeded(&self, account: &[u8; 32], address: IpAddr) {
        self.limited_within(TIMEOUT, self.succeed(account, address, Counted::WithAll)).await;
    }

    /// Admits an attempt that presents another secret: an invitation, or the password before a change.
    /// Failures are counted as those of logins, but not among those of all accounts.
    ///
    /// # Errors
    /// As [`login_attempt`](Self::login_attempt).
    pub async fn secret_attempt(
        &self,
        account: &[u8; 32],
        address: IpAddr,
    ) -> Result<Admission, AggregatesError> {
        self.attempt(account, address, Counted::Alone).await
    }

    /// Notes that such an attempt has succeeded: it is no failure, and its network is known from now on.
    pub async fn secret_succeeded(&self, account: &[u8; 32], address: IpAddr) {
        self.limited_within(TIMEOUT, self.succeed(account, address, Counted::Alone)).await;
    }

    async fn attempt(
        &self,
        account: &[u8; 32],
        address: IpAddr,
        counted: Counted,
    ) -> Result<Admission, AggregatesError> {
        match self.limited_within(TIMEOUT, self.begin(account, address, counted)).await {
            None => Err(AggregatesError::Silent),
            Some(0) => Ok(Admission::Admitted),
            Some(wait) => Ok(Admission::RetryAfter(Duration::from_micros(wait))),
        }
    }

    async fn begin(
        &self,
        account: &[u8; 32],
        address: IpAddr,
        counted: Counted,
    ) -> Result<u64, AggregatesError> {
        let mut call = self.scripts.begin_login.prepare_invoke();
        call.key(self.keys.login_failures(account, address))
            .key(self.keys.account_limit(account))
            .key(self.keys.address_limit(address))
            .key(self.keys.login_limit())
            .key(self.keys.known_network(account, address))
            .arg(FREE_ATTEMPTS)
            .arg(micros(FIRST_DELAY))
            .arg(micros(LONGEST_DELAY))
            .arg(micros(FORGOTTEN_AFTER))
            .arg(micros(AVERAGED_OVER / PER_NETWORK))
            .arg(micros(AVERAGED_OVER))
            .arg(counted.cost())
            .arg(micros(AVERAGED_OVER));
        Ok(call.invoke_async(&mut self.connection()).await?)
    }

    async fn succeed(
        &self,
        account: &[u8; 32],
        address: IpAddr,
        counted: Counted,
    ) -> Result<(), AggregatesError> {
        let mut call = self.scripts.succeed_login.prepare_invoke();
        call.key(self.keys.login_failures(account, address))
            .key(self.keys.account_limit(account))
            .key(self.keys.login_limit())
            .key(self.keys.known_network(account, address))
            .arg(counted.cost())
            .arg(micros(KNOWN_FOR) / 1_000);
        let _: i64 = call.invoke_async(&mut self.connection()).await?;
        Ok(())
    }
}
