use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, atomic::AtomicBool},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig,
    aio::{ConnectionManagerConfig, MultiplexedConnection},
};
use tenancy::TenantContext;

use crate::{
    AggregatesError, RedisSettings, SlotGroup, TenantAggregates, address::Address,
    allowance::Allowances, keys::KeySpace, scripts::Scripts, shared_connection::SharedConnection,
};

const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);
/// Long enough for the largest batch.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(3);
const FIRST_RECONNECT: Duration = Duration::from_millis(50);
const SLOWEST_RECONNECT: Duration = Duration::from_millis(500);

/// The platform's Redis. Clones share the connection.
///
/// The connection is multiplexed, so the answer to a cancelled call never reaches the next caller.
/// It opens with the first call, and reopens when it breaks or stops answering.
#[derive(Clone)]
pub struct Aggregates {
    address: Address,
    connection: SharedConnection,
    pub(crate) keys: KeySpace,
    pub(crate) scripts: Arc<Scripts>,
    pub(crate) key_generations: KeyGenerations,
    pub(crate) allowances: Allowances,
    pub(crate) limits_unavailable: Arc<AtomicBool>,
}

/// The key generation of each slot group when it was last read. Every answer is checked against it.
/// Clones share it.
#[derive(Clone, Default)]
pub(crate) struct KeyGenerations(Arc<RwLock<BTreeMap<SlotGroup, u64>>>);

impl KeyGenerations {
    pub(crate) fn of(&self, slot_group: SlotGroup) -> u64 {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&slot_group).copied().unwrap_or_default()
    }

    pub(crate) fn set(&self, slot_group: SlotGroup, number: u64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(slot_group, number);
    }
}

impl Aggregates {
    /// Prepares the connection, within a Tokio runtime. Sends nothing yet.
    ///
    /// # Errors
    /// The URL is not a Redis URL, or the certificates cannot be used.
    pub fn connect(settings: &RedisSettings) -> Result<Self, AggregatesError> {
        let address = Address::new(settings)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECTION_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_min_delay(FIRST_RECONNECT)
            .set_max_delay(SLOWEST_RECONNECT)
            .set_number_of_retries(3);
        let connection = SharedConnection::new(address.clone(), config)?;
        Ok(Self {
            address,
            connection,
            keys: KeySpace::new(settings),
            scripts: Arc::default(),
            key_generations: KeyGenerations::default(),
            allowances: Allowances::default(),
            limits_unavailable: Arc::default(),
        })
    }

    /// Checks that Redis answers.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn ping(&self) -> Result<(), AggregatesError> {
        Ok(redis::cmd("PING").exec_async(&mut self.connection()).await?)
    }

    /// Returns access to one tenant's counters and feed.
    pub fn for_tenant(&self, tenant: &TenantContext) -> TenantAggregates {
        TenantAggregates::new(self.clone(), self.keys.tenant(tenant.client_id()))
    }

    pub(crate) fn connection(&self) -> SharedConnection {
        self.connection.clone()
    }

    /// Opens a separate connection for commands that block up to `longest_wait`.
    pub(crate) async fn dedicated_connection(
        &self,
        longest_wait: Duration,
    ) -> Result<MultiplexedConnection, AggregatesError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTION_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT + longest_wait));
        let client = self.address.client(self.address.certificates())?;
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        // Names the connection for operators.
        let mut command = redis::cmd("CLIENT");
        command.arg("SETNAME").arg(self.keys.feed_connection());
        command.exec_async(&mut connection).await?;
        Ok(connection)
    }
}
