use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::{
    Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, RedisResult, ServerErrorKind, Value,
    aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig},
};
use telemetry::{StoreCall, StoreFailure};
use tls::ClientPem;

use crate::address::Address;

/// The connection that all calls share.
///
/// The driver's manager reconnects when a connection breaks, but not when it stops answering.
/// Behind a balancer that lost its connection to the server, every call would time out forever.
/// Here the first call that times out makes the next calls use a new connection. So does one that fails
/// after the files of certificates changed: the manager would reconnect with the former ones.
#[derive(Clone)]
pub(crate) struct SharedConnection {
    address: Address,
    config: ConnectionManagerConfig,
    current: Arc<Mutex<Current>>,
}

struct Current {
    manager: ConnectionManager,
    /// The number of the connection. Of several calls that time out on it, only one replaces it.
    number: u64,
    /// What it connects with.
    certificates: Option<ClientPem>,
}

impl SharedConnection {
    /// Prepares the connection. Sends nothing yet.
    pub(crate) fn new(address: Address, config: ConnectionManagerConfig) -> RedisResult<Self> {
        let current = Current::new(&address, &config, 0)?;
        Ok(Self { address, config, current: Arc::new(Mutex::new(current)) })
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn manager(&self) -> (ConnectionManager, u64) {
        let current = self.current();
        (current.manager.clone(), current.number)
    }

    fn checked<T>(&self, number: u64, answer: RedisResult<T>) -> RedisResult<T> {
        if let Err(error) = &answer {
            let mut current = self.current();
            let is_outdated = || current.certificates != self.address.certificates();
            if current.number == number && (error.is_timeout() || is_outdated()) {
                *current = Current::new(&self.address, &self.config, number + 1)?;
            }
        }
        answer
    }
}

impl Current {
    fn new(address: &Address, config: &ConnectionManagerConfig, number: u64) -> RedisResult<Self> {
        let certificates = address.certificates();
        let client = address.client(certificates.clone())?;
        let manager = ConnectionManager::new_lazy_with_config(client, config.clone())?;
        Ok(Self { manager, number, certificates })
    }
}

impl ConnectionLike for SharedConnection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        let (mut manager, number) = self.manager();
        Box::pin(async move {
            let answer = manager.req_packed_command(command);
            self.checked(number, StoreCall::Redis.measure(answer, failure).await)
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let (mut manager, number) = self.manager();
        Box::pin(async move {
            let answers = manager.req_packed_commands(pipeline, offset, count);
            self.checked(number, StoreCall::Redis.measure(answers, failure).await)
        })
    }

    fn get_db(&self) -> i64 {
        self.current().manager.get_db()
    }
}

/// Returns why a command failed. Redis asks for a script that it does not have yet: the driver sends it.
fn failure(error: &RedisError) -> Option<StoreFailure> {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::NoScript) => None,
        ErrorKind::Io
        | ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ReadOnly
            | ServerErrorKind::TryAgain,
        ) => Some(StoreFailure::Unavailable),
        _ => Some(StoreFailure::Refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_redis_does_not_have_yet_is_no_failure() {
        let failure = |kind: ErrorKind| failure(&RedisError::from((kind, "test")));
        let server = ErrorKind::Server;
        assert_eq!(failure(server(ServerErrorKind::NoScript)), None);
        assert_eq!(failure(server(ServerErrorKind::NoPerm)), Some(StoreFailure::Refused));
        for kind in [ErrorKind::Io, server(ServerErrorKind::BusyLoading)] {
            assert_eq!(failure(kind), Some(StoreFailure::Unavailable));
        }
    }
}
