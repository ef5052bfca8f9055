use chrono::{DateTime, TimeDelta, Utc};
use rustc_hash::FxHashMap;
use tenancy::ClientId;
use uuid::Uuid;

/// The event ids of one partition of the log within the last 24 hours of its own time.
///
/// An event is a re-send when the same id of the same tenant stands earlier in the partition, at
/// most a window away, to the second. That depends on nothing but the log, so every sink and every replay that
/// fed the window's records in order decides alike. Whole ids are compared.
#[derive(Debug)]
pub struct RecentIds {
    tenants: FxHashMap<ClientId, u32>,
    /// In seconds since 1970: an entry takes 24 bytes.
    last_seen: FxHashMap<(u32, Uuid), u32>,
    pruned_at: u32,
}

impl RecentIds {
    /// How long an id is remembered.
    pub const WINDOW: TimeDelta = TimeDelta::hours(24);
    /// How often old ids are let go, in seconds.
    const PRUNE_EVERY: u32 = 3_600;

    /// Remembers nothing yet; to be fed from 24 hours before the first event asked about.
    pub fn new() -> Self {
        Self { tenants: FxHashMap::default(), last_seen: FxHashMap::default(), pruned_at: 0 }
    }

    /// Notes the next record of the partition, and tells whether it is a re-send.
    pub fn is_resend(&mut self, client_id: &ClientId, id: Uuid, log_time: DateTime<Utc>) -> bool {
        let seen_at = u32::try_from(log_time.timestamp()).unwrap_or_default();
        self.prune(seen_at);
        let tenant = match self.tenants.get(client_id) {
            Some(tenant) => *tenant,
            None => {
                let tenant = u32::try_from(self.tenants.len()).unwrap_or(u32::MAX);
                self.tenants.insert(client_id.clone(), tenant);
                tenant
            }
        };
        let before = self.last_seen.insert((tenant, id), seen_at);
        before.is_some_and(|before| seen_at.saturating_sub(before) <= Self::window_seconds())
    }

    /// How many ids are remembered.
    pub fn len(&self) -> usize {
        self.last_seen.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.last_seen.is_empty()
    }

    fn prune(&mut self, now: u32) {
        if now.saturating_sub(self.pruned_at) < Self::PRUNE_EVERY {
            return;
        }
        let oldest = now.saturating_sub(Self::window_seconds());
        self.last_seen.retain(|_, seen| *seen >= oldest);
        self.pruned_at = now;
    }

    const fn window_seconds() -> u32 {
        Self::WINDOW.num_seconds() as u32
    }
}

impl Default for RecentIds {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    #[test]
    fn the_same_id_within_a_day_is_a_resend() {
        let (mut ids, acme) = (RecentIds::new(), "acme".parse().unwrap());
        let id = Uuid::from_u128(7);
        assert!(!ids.is_resend(&acme, id, hour(0)));
        assert!(ids.is_resend(&acme, id, hour(24)));
        assert!(!ids.is_resend(&acme, id, hour(49)));
    }

    #[test]
    fn tenants_do_not_share_ids() {
        let mut ids = RecentIds::new();
        let id = Uuid::from_u128(7);
        assert!(!ids.is_resend(&"acme".parse().unwrap(), id, hour(0)));
        assert!(!ids.is_resend(&"globex".parse().unwrap(), id, hour(0)));
    }

    #[test]
    fn a_window_refilled_from_the_log_decides_as_one_that_never_stopped() {
        let acme: ClientId = "acme".parse().unwrap();
        let log: Vec<_> = (0..400).map(|n| (Uuid::from_u128(n * 7 % 60), hour(n as i64))).collect();
        let mut whole = RecentIds::new();
        let decided: Vec<_> = log.iter().map(|(id, at)| whole.is_resend(&acme, *id, *at)).collect();

        let takeover = 200;
        let since = log[takeover].1 - RecentIds::WINDOW;
        let mut refilled = RecentIds::new();
        for (id, at) in log[..takeover].iter().filter(|(_, at)| *at >= since) {
            refilled.is_resend(&acme, *id, *at);
        }
        let again: Vec<_> =
            log[takeover..].iter().map(|(id, at)| refilled.is_resend(&acme, *id, *at)).collect();
        assert_eq!(again, decided[takeover..]);
    }

    #[test]
    fn old_ids_are_let_go() {
        let (mut ids, acme) = (RecentIds::new(), "acme".parse().unwrap());
        for n in 0..100 {
            ids.is_resend(&acme, Uuid::from_u128(n), hour(0));
        }
        ids.is_resend(&acme, Uuid::from_u128(1_000), hour(30));
        assert_eq!(ids.len(), 1);
    }
}
