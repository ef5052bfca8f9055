use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use tenancy::ClientId;

/// The allowances per second of a tenant at its rate: an allowance is small beside the ten seconds
/// that may be sent at once, and Redis is called 20 times a second instead of for each request.
const A_SECOND: u32 = 20;

/// The allowance of each tenant in this process. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Allowances(Arc<RwLock<HashMap<ClientId, Allowance>>>);

/// Events that are charged to a tenant's limit in Redis and not yet sent. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Allowance(Arc<Mutex<Events>>);

#[derive(Default)]
struct Events {
    /// The tenant's limit when they were charged, in events per second. Under another limit they
    /// are void.
    rate: u32,
    /// The events left.
    left: u32,
    /// Whether a request is renewing the allowance. Others meanwhile pay for themselves only, so
    /// that a process never has two allowances of a tenant.
    is_renewing: bool,
}

/// How a request pays for its events.
pub(crate) enum Payment {
    /// From the allowance.
    Allowance,
    /// By a call that also renews the allowance.
    Renewal(Renewal),
    /// By a call for its own events.
    Own,
}

/// The right to renew an allowance. When dropped, the events that it holds go back to it.
pub(crate) struct Renewal {
    allowance: Allowance,
    /// The limit under which it was begun.
    rate: u32,
    held: u32,
}

impl Allowances {
    /// Returns the tenant's allowance, which is empty at first.
    pub(crate) fn of(&self, client_id: &ClientId) -> Allowance {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(allowance) = known.get(client_id) {
            return allowance.clone();
        }
        drop(known);
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(client_id.clone()).or_default().clone()
    }
}

impl Allowance {
    /// Returns the events of a whole allowance; none if the rate is too small to be divided.
    pub(crate) const fn size(rate: u32) -> u32 {
        rate / A_SECOND
    }

    /// Pays for events of a tenant whose limit is `rate`.
    pub(crate) fn pay(&self, events: u32, rate: u32) -> Payment {
        let mut own = self.lock();
        if own.rate != rate {
            own.rate = rate;
            own.left = 0;
        }
        if let Some(left) = own.left.checked_sub(events) {
            own.left = left;
            return Payment::Allowance;
        }
        if own.is_renewing {
            return Payment::Own;
        }
        own.is_renewing = true;
        let held = std::mem::take(&mut own.left);
        Payment::Renewal(Renewal { allowance: self.clone(), rate, held })
    }

    fn lock(&self) -> MutexGuard<'_, Events> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Renewal {
    /// Returns the events left of the former allowance: fewer than the request has.
    pub(crate) const fn held(&self) -> u32 {
        self.held
    }

    /// Replaces what is held by an allowance of `events`.
    pub(crate) fn renew(mut self, events: u32) {
        self.held = events;
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        let mut own = self.allowance.lock();
        if own.rate == self.rate {
            own.left = self.held;
        }
        own.is_renewing = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renewal(payment: Payment) -> Renewal {
        match payment {
            Payment::Renewal(renewal) => renewal,
            Payment::Allowance | Payment::Own => panic!("the allowance should be renewed"),
        }
    }

    #[test]
    fn an_allowance_pays_for_requests_until_it_has_too_few_events() {
        let allowance = Allowance::default();
        renewal(allowance.pay(1, 100)).renew(5);
        assert!(matches!(allowance.pay(3, 100), Payment::Allowance));
        assert_eq!(renewal(allowance.pay(3, 100)).held(), 2, "the rest pays for a part");
        assert!(matches!(allowance.pay(2, 100), Payment::Allowance), "it was not renewed");
    }

    #[test]
    fn events_charged_under_another_limit_are_void() {
        let allowance = Allowance::default();
        renewal(allowance.pay(1, 100)).renew(5);
        let renewing = renewal(allowance.pay(6, 100));
        assert!(matches!(allowance.pay(1, 50), Payment::Own));
        drop(renewing);
        assert_eq!(renewal(allowance.pay(1, 50)).held(), 0);
    }

    #[test]
    fn one_request_at_a_time_renews_an_allowance() {
        let allowance = Allowance::default();
        let renewing = renewal(allowance.pay(1, 100));
        assert!(matches!(allowance.pay(1, 100), Payment::Own));
        drop(renewing);
        renewal(allowance.pay(1, 100)).renew(5);
    }

    #[test]
    fn an_allowance_is_void_under_another_limit() {
        let allowance = Allowance::default();
        renewal(allowance.pay(1, 100_000)).renew(5_000);
        assert_eq!(renewal(allowance.pay(1, 10)).held(), 0);
    }
}
