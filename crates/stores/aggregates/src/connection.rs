use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, atomic::AtomicBool},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Client,
    aio::{ConnectionManagerConfig, MultiplexedConnection},
};
use tenancy::TenantContext;

use crate::{
    AggregatesError, Bucket, RedisSettings, TenantAggregates, keys::KeySpace, scripts::Scripts,
    shared_connection::SharedConnection,
};

const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);
/// Long enough for the largest batch.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(3);
const FIRST_RECONNECT: Duration = Duration::from_millis(50);
const SLOWEST_RECONNECT: Duration = Duration::from_millis(500);

/// The platform's Redis. Cloning shares the connection.
///
/// The connection is multiplexed: a call given up half-way cannot leave its answer to the next
/// caller. It is opened with the first call and reopened when it is lost or falls silent.
#[derive(Clone)]
pub struct Aggregates {
    client: Client,
    connection: SharedConnection,
    pub(crate) keys: KeySpace,
    pub(crate) scripts: Arc<Scripts>,
    pub(crate) generations: Generations,
    pub(crate) limits_away: Arc<AtomicBool>,
}

/// The generation of keys that each bucket was in when it was last read: mostly still right, and
/// checked with every answer. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Generations(Arc<RwLock<BTreeMap<Bucket, u64>>>);

impl Generations {
    pub(crate) fn of(&self, bucket: Bucket) -> u64 {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&bucket).copied().unwrap_or_default()
    }

    pub(crate) fn learn(&self, bucket: Bucket, generation: u64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(bucket, generation);
    }
}

impl Aggregates {
    /// Prepares the connection, within a runtime; nothing is sent yet.
    ///
    /// # Errors
    /// The URL is not one of Redis.
    pub fn connect(settings: &RedisSettings) -> Result<Self, AggregatesError> {
        let client = Client::open(settings.url.expose())?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECTION_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_min_delay(FIRST_RECONNECT)
            .set_max_delay(SLOWEST_RECONNECT)
            .set_number_of_retries(3);
        let connection = SharedConnection::new(client.clone(), config)?;
        Ok(Self {
            client,
            connection,
            keys: KeySpace::new(settings),
            scripts: Arc::default(),
            generations: Generations::default(),
            limits_away: Arc::default(),
        })
    }

    /// Asks whether Redis is there.
    ///
    /// # Errors
    /// It is not.
    pub async fn ping(&self) -> Result<(), AggregatesError> {
        Ok(redis::cmd("PING").exec_async(&mut self.connection()).await?)
    }

    /// The road to one tenant's counters and feed.
    pub fn for_tenant(&self, tenant: &TenantContext) -> TenantAggregates {
        TenantAggregates::new(self.clone(), self.keys.tenant(tenant.client_id()))
    }

    pub(crate) fn connection(&self) -> SharedConnection {
        self.connection.clone()
    }

    /// A connection of its own, for one who blocks on it up to `longest_wait` at a time.
    pub(crate) async fn dedicated_connection(
        &self,
        longest_wait: Duration,
    ) -> Result<MultiplexedConnection, AggregatesError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTION_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT + longest_wait));
        let mut connection =
            self.client.get_multiplexed_async_connection_with_config(&config).await?;
        // Tells operators whose it is.
        let mut command = redis::cmd("CLIENT");
        command.arg("SETNAME").arg(self.keys.reader());
        command.exec_async(&mut connection).await?;
        Ok(connection)
    }
}
