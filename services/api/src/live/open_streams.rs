use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use problem::{Code, Problem};
use telemetry::Gauge;
use tenancy::{ClientId, TenantContext};

use crate::failure::retry_after;

/// The streams open in this process, by tenant.
#[derive(Clone, Default)]
pub(crate) struct OpenStreams(Arc<Mutex<HashMap<ClientId, Streams>>>);

/// The streams of one tenant.
struct Streams {
    open: u16,
    /// How long streams were open until `counted_to`, all of them together, since that was last taken.
    time: Duration,
    counted_to: Instant,
}

/// One open stream; dropping it closes it.
pub(crate) struct OpenStream {
    all: OpenStreams,
    client_id: ClientId,
}

impl Streams {
    fn none() -> Self {
        Self { open: 0, time: Duration::ZERO, counted_to: Instant::now() }
    }

    /// Counts the time up to now.
    fn count(&mut self) {
        let now = Instant::now();
        self.time += now.duration_since(self.counted_to) * u32::from(self.open);
        self.counted_to = now;
    }
}

impl OpenStreams {
    /// Opens a stream, within the tenant's limit.
    ///
    /// # Errors
    /// The tenant has as many streams open as it may.
    pub(crate) fn open(&self, tenant: &TenantContext) -> Result<OpenStream, Problem> {
        let limit = tenant.limits().live_streams;
        let client_id = tenant.client_id().clone();
        {
            let mut tenants = self.tenants();
            let streams = tenants.entry(client_id.clone()).or_insert_with(Streams::none);
            if streams.open >= limit {
                let detail = format!("The tenant may have {limit} live streams open.");
                return Err(Problem::new(Code::RateLimited, detail)
                    .with_retry_after(retry_after::LIVE_STREAM));
            }
            streams.count();
            streams.open += 1;
        }
        Gauge::LiveStreams.add(&[], 1);
        Ok(OpenStream { all: self.clone(), client_id })
    }

    /// Returns how long streams of each tenant were open since the last call, all of them together.
    pub(crate) fn take_times(&self) -> Vec<(ClientId, Duration)> {
        let mut tenants = self.tenants();
        let take = |(client_id, streams): (&ClientId, &mut Streams)| {
            streams.count();
            (client_id.clone(), std::mem::take(&mut streams.time))
        };
        let times = tenants.iter_mut().map(take).filter(|(_, time)| !time.is_zero()).collect();
        tenants.retain(|_, streams| streams.open > 0);
        times
    }

    fn tenants(&self) -> MutexGuard<'_, HashMap<ClientId, Streams>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        if let Some(streams) = self.all.tenants().get_mut(&self.client_id) {
            streams.count();
            streams.open -= 1;
        }
        Gauge::LiveStreams.add(&[], -1);
    }
}
