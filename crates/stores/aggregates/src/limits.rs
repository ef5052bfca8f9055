use std::{net::IpAddr, sync::atomic::Ordering, time::Duration};

use tenancy::TenantContext;

use crate::{Aggregates, AggregatesError};

/// How long a request waits for its limits before it is admitted without them.
const TIMEOUT: Duration = Duration::from_millis(250);
/// The time over which a tenant's events per second are averaged.
const EVENTS_AVERAGED_OVER: Duration = Duration::from_secs(10);
/// The time over which login attempts are averaged.
const LOGINS_AVERAGED_OVER: Duration = Duration::from_secs(60);
const LOGINS_PER_ACCOUNT: u32 = 5;
const LOGINS_PER_ADDRESS: u32 = 20;

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
}

impl Aggregates {
    /// Charges events to the tenant's limit. More events than ten seconds allow are admitted at
    /// once if all earlier ones are paid off.
    ///
    /// While Redis is unavailable everything is admitted: losing events is worse than accepting too
    /// many.
    pub async fn admit(&self, tenant: &TenantContext, events: u32) -> Admission {
        let rate = tenant.limits().events_per_second.max(1);
        let limit = Limit {
            key: self.keys.tenant(tenant.client_id()).event_limit(),
            cost: Duration::from_secs(events.into()) / rate,
            burst: EVENTS_AVERAGED_OVER,
        };
        self.charge(&[limit]).await
    }

    /// Charges a login attempt to the account, named by a hash, and to the network of its address.
    ///
    /// While Redis is unavailable the attempt is admitted: hashing passwords limits attempts too.
    pub async fn login_attempt(&self, account: &[u8; 32], address: IpAddr) -> Admission {
        let limit = |key, attempts| Limit {
            key,
            cost: LOGINS_AVERAGED_OVER / attempts,
            burst: LOGINS_AVERAGED_OVER,
        };
        self.charge(&[
            limit(self.keys.account_limit(account), LOGINS_PER_ACCOUNT),
            limit(self.keys.address_limit(address), LOGINS_PER_ADDRESS),
        ])
        .await
    }

    async fn charge(&self, limits: &[Limit]) -> Admission {
        let answer = tokio::time::timeout(TIMEOUT, self.try_charge(limits)).await;
        match answer {
            Ok(Ok(wait)) => {
                if self.limits_unavailable.swap(false, Ordering::Relaxed) {
                    tracing::info!("limits are enforced again");
                }
                if wait.is_zero() { Admission::Admitted } else { Admission::RetryAfter(wait) }
            }
            failure => {
                if !self.limits_unavailable.swap(true, Ordering::Relaxed) {
                    let error = failure.err().map_or("refused", |_| "no answer in time");
                    tracing::warn!(error, "limits are not enforced: redis is unavailable");
                }
                Admission::Admitted
            }
        }
    }

    async fn try_charge(&self, limits: &[Limit]) -> Result<Duration, AggregatesError> {
        let mut invocation = self.scripts.admit.prepare_invoke();
        for limit in limits {
            invocation.key(&limit.key).arg(micros(limit.cost)).arg(micros(limit.burst));
        }
        let wait: u64 = invocation.invoke_async(&mut self.connection()).await?;
        Ok(Duration::from_micros(wait))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
