use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use auth::Subject;
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
    /// The same by the credential that opened them. An entry exists only while it is not zero.
    by_subject: HashMap<Subject, u16>,
    /// How long streams were open until `counted_to`, all of them together, since that was last taken.
    time: Duration,
    counted_to: Instant,
}

/// One open stream; dropping it closes it.
pub(crate) struct OpenStream {
    all: OpenStreams,
    client_id: ClientId,
    subject: Subject,
}

impl Streams {
    fn none() -> Self {
        let by_subject = HashMap::new();
        Self { open: 0, by_subject, time: Duration::ZERO, counted_to: Instant::now() }
    }

    /// Counts the time up to now.
    fn count(&mut self) {
        let now = Instant::now();
        self.time += now.duration_since(self.counted_to) * u32::from(self.open);
        self.counted_to = now;
    }
}

impl OpenStreams {
    /// Opens a stream of a user or key, within the tenant's limit. One of them may have at most one
    /// stream more open than the tenant has left, so that it cannot take all.
    ///
    /// # Errors
    /// The tenant, or the user or key, has as many streams open as it may.
    pub(crate) fn open(
        &self,
        tenant: &TenantContext,
        subject: &Subject,
    ) -> Result<OpenStream, Problem> {
        let limit = tenant.limits().live_streams;
        let client_id = tenant.client_id().clone();
        {
            let mut tenants = self.tenants();
            let streams = tenants.entry(client_id.clone()).or_insert_with(Streams::none);
            let free = limit.saturating_sub(streams.open);
            let own = streams.by_subject.get(subject).copied().unwrap_or_default();
            if free == 0 {
                let detail = format!("The tenant may have {limit} live streams open.");
                return Err(too_many(detail));
            }
            if own.saturating_sub(1) > free {
                let detail = format!(
                    "This user or key has {own} of the tenant's {limit} live streams open. The {free} that \
                     are left are for others."
                );
                return Err(too_many(detail));
            }
            streams.count();
            streams.open += 1;
            streams.by_subject.insert(subject.clone(), own + 1);
        }
        Gauge::LiveStreams.add(&[], 1);
        Ok(OpenStream { all: self.clone(), client_id, subject: subject.clone() })
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
            if let Some(own) = streams.by_subject.get_mut(&self.subject) {
                *own -= 1;
                if *own == 0 {
                    streams.by_subject.remove(&self.subject);
                }
            }
        }
        Gauge::LiveStreams.add(&[], -1);
    }
}

fn too_many(detail: String) -> Problem {
    Problem::new(Code::RateLimited, detail).with_retry_after(retry_after::LIVE_STREAM)
}

#[cfg(test)]
mod tests {
    use tenancy::Limits;
    use testkit::{tenant_context, tenant_record};

    use super::*;

    async fn tenant(live_streams: u16) -> TenantContext {
        let record = tenant_record(&"acme".parse().unwrap());
        let limits = Limits { live_streams, ..Limits::default() };
        tenant_context(tenancy::TenantRecord { limits, ..record }).await
    }

    #[tokio::test]
    async fn one_user_leaves_half_of_the_streams_to_the_others() {
        let tenant = tenant(200).await;
        let streams = OpenStreams::default();
        let advertiser = Subject::User(uuid::Uuid::from_u128(1));
        let owner = Subject::User(uuid::Uuid::from_u128(2));
        let mut open = Vec::new();
        while let Ok(stream) = streams.open(&tenant, &advertiser) {
            open.push(stream);
        }
        assert_eq!(open.len(), 101);
        let first = streams.open(&tenant, &owner).unwrap();
        let problem = streams.open(&tenant, &advertiser).map(drop).unwrap_err();
        assert_eq!(problem.kind().status(), 429);
        open.truncate(50);
        assert!(streams.open(&tenant, &advertiser).is_ok(), "closed streams count no longer");
        drop((first, open));
        assert!(streams.tenants()[tenant.client_id()].by_subject.is_empty());
    }

    #[tokio::test]
    async fn the_largest_limit_is_divided_too() {
        let tenant = tenant(u16::MAX).await;
        let user = Subject::User(uuid::Uuid::from_u128(1));
        assert!(OpenStreams::default().open(&tenant, &user).is_ok());
    }

    #[tokio::test]
    async fn a_small_limit_is_not_divided() {
        let tenant = tenant(2).await;
        let streams = OpenStreams::default();
        let user = Subject::User(uuid::Uuid::from_u128(1));
        let open = (streams.open(&tenant, &user).unwrap(), streams.open(&tenant, &user).unwrap());
        assert!(streams.open(&tenant, &user).is_err());
        drop(open);
    }
}
