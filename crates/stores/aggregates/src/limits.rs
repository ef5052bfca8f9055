use std::{future::Future, sync::atomic::Ordering, time::Duration};

use telemetry::Counter;
use tenancy::TenantContext;

use crate::{
    Aggregates, AggregatesError,
    allowance::{Allowance, Payment},
};

/// How long a request waits for its limits before it is admitted without them.
const TIMEOUT: Duration = Duration::from_millis(250);
/// The time over which a tenant's events per second are averaged.
const EVENTS_AVERAGED_OVER: Duration = Duration::from_secs(10);

/// The answer to a request for admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Admission {
    /// The request is within its limits, and was charged.
    Admitted,
    /// The request exceeds a limit, and was not charged. It would be admitted after this time.
    RetryAfter(Duration),
}

struct Limit {
    key: String,
    cost: Duration,
    burst: Duration,
    /// What is charged in addition, if the limit has room for it.
    advance: Duration,
}

/// What a call charged, or why it did not.
enum Charged {
    /// The costs.
    Costs,
    /// The costs and the advances.
    All,
    /// Nothing: a limit is exceeded. The request would be admitted after this time.
    Nothing(Duration),
}

impl Aggregates {
    /// Charges events to the tenant's limit. More events than ten seconds allow are admitted at
    /// once if all earlier ones are paid off.
    ///
    /// Most requests are paid from an allowance, without a call of Redis. All processes together
    /// admit what the limit allows, give or take one allowance of each.
    ///
    /// While Redis is unavailable everything is admitted: losing events is worse than accepting too
    /// many.
    pub async fn admit(&self, tenant: &TenantContext, events: u32) -> Admission {
        let rate = tenant.limits().events_per_second.max(1);
        let payment = self.allowances.of(tenant.client_id()).pay(events, rate);
        let (own, advance) = match &payment {
            Payment::Allowance => return Admission::Admitted,
            Payment::Renewal(renewal) => (events - renewal.held(), Allowance::size(rate)),
            Payment::Own => (events, 0),
        };
        let limit = Limit {
            key: self.keys.tenant(tenant.client_id()).event_limit(),
            cost: Duration::from_secs(own.into()) / rate,
            burst: EVENTS_AVERAGED_OVER,
            advance: Duration::from_secs(advance.into()) / rate,
        };
        let charged = self.charge(&[limit]).await;
        if let Payment::Renewal(renewal) = payment {
            match charged {
                Charged::Costs => renewal.renew(0),
                Charged::All => renewal.renew(advance),
                Charged::Nothing(_) => {}
            }
        }
        if matches!(charged, Charged::Nothing(_)) {
            Counter::RequestsLimited.inc(&[]);
        }
        charged.into()
    }

    async fn charge(&self, limits: &[Limit]) -> Charged {
        self.limited(self.try_charge(limits)).await.unwrap_or(Charged::Costs)
    }

    /// Returns the answer of Redis about limits; `None` while it is unavailable, so that the limits are
    /// not enforced.
    pub(crate) async fn limited<T>(
        &self,
        question: impl Future<Output = Result<T, AggregatesError>>,
    ) -> Option<T> {
        let answer = tokio::time::timeout(TIMEOUT, question).await;
        match answer {
            Ok(Ok(answer)) => {
                if self.limits_unavailable.swap(false, Ordering::Relaxed) {
                    tracing::info!("limits are enforced again");
                }
                Some(answer)
            }
            failure => {
                if !self.limits_unavailable.swap(true, Ordering::Relaxed) {
                    let error = failure.err().map_or("refused", |_| "no answer in time");
                    tracing::warn!(error, "limits are not enforced: redis is unavailable");
                }
                Counter::LimitsUnchecked.inc(&[]);
                None
            }
        }
    }

    async fn try_charge(&self, limits: &[Limit]) -> Result<Charged, AggregatesError> {
        let mut invocation = self.scripts.admit.prepare_invoke();
        for limit in limits {
            let Limit { key, cost, burst, advance } = limit;
            invocation.key(key).arg(micros(*cost)).arg(micros(*burst)).arg(micros(*advance));
        }
        let wait: i64 = invocation.invoke_async(&mut self.connection()).await?;
        Ok(match u64::try_from(wait) {
            Err(_) => Charged::All,
            Ok(0) => Charged::Costs,
            Ok(wait) => Charged::Nothing(Duration::from_micros(wait)),
        })
    }
}

impl From<Charged> for Admission {
    fn from(charged: Charged) -> Self {
        match charged {
            Charged::Costs | Charged::All => Self::Admitted,
            Charged::Nothing(wait) => Self::RetryAfter(wait),
        }
    }
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
