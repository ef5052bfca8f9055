use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::{Duration, Instant},
};

use tenancy::{ClientId, RateLimit, Rates, Unit, Window};

/// The allowances per second of a tenant at its rate: an allowance is small beside the ten seconds
/// that may be used at once, and Redis is called 20 times a second instead of for each request.
const A_SECOND: u64 = 20;

/// The allowances of each tenant in this process. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Allowances(Arc<RwLock<HashMap<ClientId, [Allowance; Unit::ALL.len()]>>>);

/// Units that are charged to a tenant's quotas in Redis and not yet used. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Allowance(Arc<Mutex<Units>>);

#[derive(Default)]
struct Units {
    /// The tenant's rates when they were charged. Under other ones they are void.
    rates: Rates,
    /// The units left.
    left: u64,
    /// Whether a request is renewing the allowance. Others meanwhile pay for themselves only, so
    /// that a process never has two allowances of a tenant.
    is_renewing: bool,
    /// What the quotas had left in Redis when it was last asked, and when that was.
    rooms: Option<(Rooms, Instant)>,
}

/// How much of each window is left, as time: its units may be used at once.
pub(crate) type Rooms = [Option<Duration>; Window::ALL.len()];

/// How a request pays for its units.
pub(crate) enum Payment {
    /// From the allowance.
    Allowance,
    /// By a call that also renews the allowance.
    Renewal(Renewal),
    /// By a call for its own units.
    Own,
}

/// The right to renew an allowance. When dropped, the units that it holds go back to it.
pub(crate) struct Renewal {
    allowance: Allowance,
    /// The rates under which it was begun.
    rates: Rates,
    held: u64,
}

impl Allowances {
    /// Returns the tenant's allowance of a unit, which is empty at first.
    pub(crate) fn of(&self, client_id: &ClientId, unit: Unit) -> Allowance {
        let of_unit = |all: &[Allowance; Unit::ALL.len()]| {
            let [events, bytes, requests, rejects, parked_events, parked_bytes] = all;
            match unit {
                Unit::Events => events.clone(),
                Unit::Bytes => bytes.clone(),
                Unit::Requests => requests.clone(),
                Unit::Rejects => rejects.clone(),
                Unit::ParkedEvents => parked_events.clone(),
                Unit::ParkedBytes => parked_bytes.clone(),
            }
        };
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(all) = known.get(client_id) {
            return of_unit(all);
        }
        drop(known);
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        of_unit(all.entry(client_id.clone()).or_default())
    }
}

impl Allowance {
    /// Returns the units of a whole allowance: what the tightest rate allows in 50 ms; none if that is too
    /// little to be divided.
    pub(crate) fn size(rates: Rates) -> u64 {
        let per_second = Window::ALL.iter().zip(rates).filter_map(|(window, rate)| {
            // What a day allows may be used at once: an allowance of the hundredth part is small.
            let parts = match window {
                Window::Second => A_SECOND,
                _ => 100,
            };
            rate.map(|rate| rate / parts)
        });
        per_second.min().unwrap_or_default()
    }

    /// Pays for units of a tenant with these rates.
    pub(crate) fn pay(&self, units: u64, rates: Rates) -> Payment {
        let mut own = self.lock();
        if own.rates != rates {
            own.rates = rates;
            own.left = 0;
            own.rooms = None;
        }
        if let Some(left) = own.left.checked_sub(units) {
            own.left = left;
            return Payment::Allowance;
        }
        if own.is_renewing {
            return Payment::Own;
        }
        own.is_renewing = true;
        let held = std::mem::take(&mut own.left);
        Payment::Renewal(Renewal { allowance: self.clone(), rates, held })
    }

    /// Notes what Redis had left of quotas with these rates.
    pub(crate) fn note(&self, rooms: Rooms, rates: Rates) {
        let mut own = self.lock();
        if own.rates == rates {
            own.rooms = Some((rooms, Instant::now()));
        }
    }

    /// Returns the quota of which the smallest part is left, as far as this process knows: others may
    /// have used some of it since it last asked. `None` before it ever asked.
    pub(crate) fn tightest(&self, unit: Unit) -> Option<RateLimit> {
        let own = self.lock();
        let (rooms, since) = own.rooms?;
        let waited = since.elapsed();
        let limits = Window::ALL.into_iter().zip(own.rates).zip(rooms).filter_map(|(of, room)| {
            let (window, rate) = of;
            let burst = window.burst();
            let room = room?.saturating_add(waited).min(burst);
            let rate = rate?.max(1);
            let quota = quota(rate, window);
            let left = units(room, rate, window).saturating_add(own.left).min(quota);
            Some(RateLimit { unit, window, quota, left, reset: burst.saturating_sub(room) })
        });
        limits.min_by(|a, b| {
            let share = |limit: &RateLimit| limit.left as f64 / limit.quota.max(1) as f64;
            share(a).total_cmp(&share(b))
        })
    }

    fn lock(&self) -> MutexGuard<'_, Units> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the units that a rate allows at once.
pub(crate) fn quota(rate: u64, window: Window) -> u64 {
    units(window.burst(), rate.max(1), window)
}

/// Returns the units that a rate allows in a time.
fn units(time: Duration, rate: u64, window: Window) -> u64 {
    let period = window.period().as_micros();
    u64::try_from(time.as_micros().saturating_mul(rate.into()) / period).unwrap_or(u64::MAX)
}

/// Returns the time in which a rate allows so many units.
pub(crate) fn time(units: u64, rate: u64, window: Window) -> Duration {
    let micros = u128::from(units).saturating_mul(window.period().as_micros());
    let micros = micros.div_ceil(rate.max(1).into());
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

impl Renewal {
    /// Returns the units left of the former allowance: fewer than the request has.
    pub(crate) const fn held(&self) -> u64 {
        self.held
    }

    /// Replaces what is held by an allowance of `units`.
    pub(crate) fn renew(mut self, units: u64) {
        self.held = units;
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        let mut own = self.allowance.lock();
        if own.rates == self.rates {
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
        renewal(allowance.pay(1, [Some(100), None, None, None])).renew(5);
        assert!(matches!(allowance.pay(3, [Some(100), None, None, None]), Payment::Allowance));
        assert_eq!(
            renewal(allowance.pay(3, [Some(100), None, None, None])).held(),
            2,
            "the rest pays for a part"
        );
        assert!(
            matches!(allowance.pay(2, [Some(100), None, None, None]), Payment::Allowance),
            "it was not renewed"
        );
    }

    #[test]
    fn events_charged_under_another_limit_are_void() {
        let allowance = Allowance::default();
        renewal(allowance.pay(1, [Some(100), None, None, None])).renew(5);
        let renewing = renewal(allowance.pay(6, [Some(100), None, None, None]));
        assert!(matches!(allowance.pay(1, [Some(50), None, None, None]), Payment::Own));
        drop(renewing);
        assert_eq!(renewal(allowance.pay(1, [Some(50), None, None, None])).held(), 0);
    }

    #[test]
    fn one_request_at_a_time_renews_an_allowance() {
        let allowance = Allowance::default();
        let renewing = renewal(allowance.pay(1, [Some(100), None, None, None]));
        assert!(matches!(allowance.pay(1, [Some(100), None, None, None]), Payment::Own));
        drop(renewing);
        renewal(allowance.pay(1, [Some(100), None, None, None])).renew(5);
    }

    #[test]
    fn an_allowance_is_void_under_another_limit() {
        let allowance = Allowance::default();
        renewal(allowance.pay(1, [Some(100_000), None, None, None])).renew(5_000);
        assert_eq!(renewal(allowance.pay(1, [Some(10), None, None, None])).held(), 0);
    }

    #[test]
    fn what_is_left_is_known_between_two_calls() {
        let allowance = Allowance::default();
        let rates = [Some(100), None, None, Some(1_000)];
        assert_eq!(allowance.tightest(Unit::Events), None);
        renewal(allowance.pay(1, rates)).renew(5);
        let day = Duration::from_secs(8_640);
        allowance.note([Some(Duration::from_secs(9)), None, None, Some(day)], rates);
        let limit = allowance.tightest(Unit::Events).unwrap();
        assert_eq!((limit.window, limit.quota, limit.left), (Window::Day, 1_000, 105));
        assert!(matches!(allowance.pay(3, rates), Payment::Allowance));
        assert_eq!(allowance.tightest(Unit::Events).unwrap().left, 102);
    }

    #[test]
    fn an_allowance_is_a_small_part_of_every_rate() {
        assert_eq!(Allowance::size([Some(1_000), None, None, None]), 50);
        assert_eq!(Allowance::size([Some(1_000), None, None, Some(700)]), 7);
        assert_eq!(Allowance::size([Some(10), None, None, None]), 0);
    }

    #[test]
    fn times_and_units_of_a_rate_agree() {
        let day = time(500, 1_000, Window::Day);
        assert_eq!(day, Duration::from_secs(43_200));
        assert_eq!(units(day, 1_000, Window::Day), 500);
        assert_eq!(time(u64::MAX, 1, Window::Day), Duration::from_micros(u64::MAX));
    }
}
