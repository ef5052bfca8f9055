use std::{future::Future, sync::atomic::Ordering, time::Duration};

use telemetry::Counter;
use tenancy::{RateLimit, Rates, TenantContext, Unit, Window};

use crate::{
    Aggregates, AggregatesError,
    allowance::{Allowance, Payment, Rooms, quota, time},
};

/// How long a request waits for its limits before it is admitted without them.
const TIMEOUT: Duration = Duration::from_millis(250);

/// The answer to a request for admission. What refuses it is a time, or a quota with the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Admission<Refusal = Duration> {
    /// The request is within its limits, and was charged.
    Admitted,
    /// The request exceeds a limit, and was not charged. It would be admitted after this time.
    RetryAfter(Refusal),
}

/// What a call charged, or why it did not; and what is left of each window.
struct Charged {
    result: ChargeResult,
    rooms: Rooms,
}

enum ChargeResult {
    /// The units.
    Units,
    /// The units and the advance.
    All,
    /// Nothing: this limit is exceeded.
    Nothing(RateLimit),
}

impl Aggregates {
    /// Charges units to the tenant's quotas. More than a quota allows at once is admitted if all earlier
    /// units are paid off. A refusal is the quota that the request has to wait for longest: nothing of it is
    /// left, and its `reset` is when the request would be admitted.
    ///
    /// Most requests are paid from an allowance, without a call of Redis. All processes together
    /// admit what the limit allows, give or take one allowance of each.
    ///
    /// While Redis is unavailable everything is admitted: losing events is worse than accepting too
    /// many.
    pub async fn admit(
        &self,
        tenant: &TenantContext,
        unit: Unit,
        units: u64,
    ) -> Admission<RateLimit> {
        let rates = tenant.limits().rates(unit);
        let allowance = self.allowances.of(tenant.client_id(), unit);
        let payment = allowance.pay(units, rates);
        let (own, advance) = match &payment {
            Payment::Allowance => return Admission::Admitted,
            Payment::Renewal(renewal) => (units - renewal.held(), Allowance::size(rates)),
            Payment::Own => (units, 0),
        };
        let charge = self.charge(tenant, unit, rates, own, advance);
        let Some(Charged { result, rooms }) = self.limited(charge).await else {
            if let Payment::Renewal(renewal) = payment {
                renewal.renew(0);
            }
            return Admission::Admitted;
        };
        allowance.note(rooms, rates);
        if let Payment::Renewal(renewal) = payment {
            match result {
                ChargeResult::Units => renewal.renew(0),
                ChargeResult::All => renewal.renew(advance),
                ChargeResult::Nothing(_) => {}
            }
        }
        match result {
            ChargeResult::Units | ChargeResult::All => Admission::Admitted,
            ChargeResult::Nothing(exceeded) => {
                // A request is not refused because of its rejects: they are not stored. Nor is one whose events
                // are parked.
                if unit != Unit::Rejects && !tenant.limits().parks(&exceeded) {
                    Counter::RequestsLimited.inc(&[]);
                }
                Admission::RetryAfter(exceeded)
            }
        }
    }

    /// Returns the quota of a unit of which the smallest part is left, as far as this process knows.
    /// `None` before it has charged it, and for as long as Redis never answered.
    pub fn tightest_limit(&self, tenant: &TenantContext, unit: Unit) -> Option<RateLimit> {
        self.allowances.of(tenant.client_id(), unit).tightest(unit)
    }

    /// Returns the answer of Redis about limits; `None` while it is unavailable, so that the limits are
    /// not enforced.
    pub(crate) async fn limited<T>(
        &self,
        question: impl Future<Output = Result<T, AggregatesError>>,
    ) -> Option<T> {
        self.limited_within(TIMEOUT, question).await
    }

    /// As [`limited`](Self::limited); `None`, too, if there is no answer within `longest`.
    pub(crate) async fn limited_within<T>(
        &self,
        longest: Duration,
        question: impl Future<Output = Result<T, AggregatesError>>,
    ) -> Option<T> {
        let answer = tokio::time::timeout(longest, question).await;
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

    async fn charge(
        &self,
        tenant: &TenantContext,
        unit: Unit,
        rates: Rates,
        units: u64,
        advance: u64,
    ) -> Result<Charged, AggregatesError> {
        let keys = self.keys.tenant(tenant.client_id());
        let mut invocation = self.scripts.admit.prepare_invoke();
        for (window, rate) in Window::ALL.into_iter().zip(rates) {
            let Some(rate) = rate else { continue };
            invocation
                .key(keys.quota(unit, window))
                .arg(micros(time(units, rate, window)))
                .arg(micros(window.burst()))
                .arg(micros(time(advance, rate, window)));
        }
        let answer: Vec<i64> = invocation.invoke_async(&mut self.connection()).await?;
        let [wait, exceeded, left @ ..] = answer.as_slice() else {
            return Err(AggregatesError::Unreadable("a short charge".to_owned()));
        };
        let result = match u64::try_from(*wait) {
            Err(_) => ChargeResult::All,
            Ok(0) => ChargeResult::Units,
            Ok(wait) => {
                let limit = limit_at(*exceeded, unit, rates, Duration::from_micros(wait));
                let unknown = || AggregatesError::Unreadable("a refusal by no limit".to_owned());
                ChargeResult::Nothing(limit.ok_or_else(unknown)?)
            }
        };
        let mut left =
            left.iter().map(|micros| Duration::from_micros((*micros).max(0).unsigned_abs()));
        let rooms = rates.map(|rate| rate.and_then(|_| left.next()));
        Ok(Charged { result, rooms })
    }
}

/// Returns the exceeded limit, of which the script returns the place among those with a rate, from 1.
fn limit_at(place: i64, unit: Unit, rates: Rates, wait: Duration) -> Option<RateLimit> {
    let index = usize::try_from(place).ok()?.checked_sub(1)?;
    let mut limits = Window::ALL.into_iter().zip(rates).filter_map(|(of, rate)| Some((of, rate?)));
    let (window, rate) = limits.nth(index)?;
    Some(RateLimit { unit, window, quota: quota(rate, window), left: 0, reset: wait })
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
