use actix_web::{HttpRequest, web::Payload};
use aggregates::Admission;
use auth::{Authority, KeyKind, WriteEvents};
use chrono::Utc;
use events::{BodyForm, EventIds, ParseContext, split};
use problem::Problem;
use tenancy::{RateLimit, TenantContext, Unit};
use web::Tenant;

use super::{Encoding, Ingest, Published, form_of, publish::Lane, shape_problem};

/// A request with events, of which only the headers have been read.
pub(crate) struct Submission<'a> {
    request: &'a HttpRequest,
    payload: Payload,
    form: BodyForm,
    encoding: Encoding,
}

/// What was done with a submission.
pub(crate) enum Handled {
    /// Its events were published or rejected.
    Published(Published),
    /// It is over this limit of its tenant, at whose `reset` the client may retry.
    RateLimited(RateLimit),
}

impl<'a> Submission<'a> {
    /// Reads the headers of a request.
    ///
    /// # Errors
    /// Its type or its encoding is not supported.
    pub(crate) fn new(request: &'a HttpRequest, payload: Payload) -> Result<Self, Problem> {
        let form = form_of(request.headers())?;
        let encoding = Encoding::of(request.headers())?;
        Ok(Self { request, payload, form, encoding })
    }
}

impl Ingest {
    /// Reads the body of a tenant's submission, and publishes its events if they are within the
    /// tenant's quotas, or parks them.
    ///
    /// # Errors
    /// The body as a whole cannot be read.
    pub(crate) async fn handle(
        &self,
        tenant: &Tenant<WriteEvents>,
        submission: Submission<'_>,
    ) -> Result<Handled, Problem> {
        let received_at = Utc::now();
        let Submission { request, payload, form, encoding } = submission;
        let body = self.read(tenant, request.headers(), encoding, payload).await?;
        let batch = split(&body, form, self.settings.max_events).map_err(shape_problem)?;
        // A request without events is work, too.
        let events = batch.events.len().max(1) as u64;
        let lane = match self.lane(tenant.context(), events, body.len() as u64).await {
            Ok(lane) => lane,
            Err(exceeded) => return Ok(Handled::RateLimited(exceeded)),
        };
        let context = ParseContext {
            received_at,
            history: tenant.principal().authority == Authority::Key(KeyKind::Import),
            currency: tenant.context().currency(),
            ids: EventIds::of(tenant.context().client_id()),
            envelope: batch.envelope,
        };
        let published = self.publish(tenant, &batch.events, &context, lane).await;
        Ok(Handled::Published(published))
    }
}

impl Ingest {
    /// Charges a request to its tenant's quotas, and returns where its valid events go: all to one place, so that
    /// a sender sees one answer for them.
    ///
    /// # Errors
    /// The limit that refuses the request.
    async fn lane(
        &self,
        tenant: &TenantContext,
        events: u64,
        bytes: u64,
    ) -> Result<Lane, RateLimit> {
        match self.charge(tenant, [(Unit::Events, events), (Unit::Bytes, bytes)]).await {
            Ok(()) => Ok(Lane::Accept),
            Err(exceeded) if tenant.limits().parks(&exceeded) => {
                let parked = [(Unit::ParkedEvents, events), (Unit::ParkedBytes, bytes)];
                self.charge(tenant, parked).await.map(|()| Lane::Park)
            }
            Err(exceeded) => Err(exceeded),
        }
    }

    async fn charge(
        &self,
        tenant: &TenantContext,
        charges: [(Unit, u64); 2],
    ) -> Result<(), RateLimit> {
        for (unit, units) in charges {
            let admission = self.aggregates.admit(tenant, unit, units).await;
            if let Admission::RetryAfter(exceeded) = admission {
                return Err(exceeded);
            }
        }
        Ok(())
    }

    /// Returns what is left of the tenant's limits of events and of bytes, as far as it is known.
    pub(crate) fn rate_limits(&self, tenant: &TenantContext) -> Vec<RateLimit> {
        let units = [Unit::Events, Unit::Bytes].into_iter();
        units.filter_map(|unit| self.aggregates.tightest_limit(tenant, unit)).collect()
    }
}
