use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use problem::{Code, Problem};
use telemetry::Gauge;
use tenancy::{ClientId, TenantContext};

/// When a refused client may try again.
const RETRY: Duration = Duration::from_secs(5);

/// The streams open in this process, counted by tenant.
#[derive(Clone, Default)]
pub(crate) struct OpenStreams(Arc<Mutex<HashMap<ClientId, u16>>>);

/// One open stream; dropping it closes it.
pub(crate) struct OpenStream {
    all: OpenStreams,
    client_id: ClientId,
}

impl OpenStreams {
    /// Opens one, within the tenant's limit.
    ///
    /// # Errors
    /// As many are open as the tenant may have.
    pub(crate) fn open(&self, tenant: &TenantContext) -> Result<OpenStream, Problem> {
        let most = tenant.limits().live_streams;
        let client_id = tenant.client_id().clone();
        {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(client_id.clone()).or_default();
            if *count >= most {
                let detail = format!("The tenant may have {most} live streams open.");
                return Err(Problem::new(Code::RateLimited, detail).with_retry_after(RETRY));
            }
            *count += 1;
        }
        Gauge::LiveStreams.add(&[], 1);
        Ok(OpenStream { all: self.clone(), client_id })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut counts = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.client_id) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.client_id);
            }
        }
        Gauge::LiveStreams.add(&[], -1);
    }
}
