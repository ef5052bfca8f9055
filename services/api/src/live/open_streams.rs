use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use problem::{Code, Problem};
use telemetry::Gauge;
use tenancy::{ClientId, TenantContext};

use crate::failure::retry_after;

/// The streams open in this process, counted by tenant.
#[derive(Clone, Default)]
pub(crate) struct OpenStreams(Arc<Mutex<HashMap<ClientId, u16>>>);

/// One open stream; dropping it closes it.
pub(crate) struct OpenStream {
    all: OpenStreams,
    client_id: ClientId,
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
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(client_id.clone()).or_default();
            if *count >= limit {
                let detail = format!("The tenant may have {limit} live streams open.");
                return Err(Problem::new(Code::RateLimited, detail)
                    .with_retry_after(retry_after::LIVE_STREAM));
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
