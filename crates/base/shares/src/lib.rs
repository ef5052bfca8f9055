#![doc = include_str!("../README.md")]

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Something that a process has once, divided fairly: `T` names tenants, and `C` credentials. Clones
/// share it.
pub struct Shares<T, C> {
    total: u64,
    all: Arc<Mutex<Taken<T, C>>>,
}

/// What one holder has taken. Dropping it returns it.
pub struct Share<T: Eq + Hash, C: Eq + Hash> {
    of: Shares<T, C>,
    tenant: T,
    credential: C,
    amount: u64,
}

/// What is taken. An entry exists only while it is not zero.
struct Taken<T, C> {
    by_all: u64,
    by_tenant: HashMap<T, u64>,
    by_credential: HashMap<C, u64>,
}

impl<T, C> Clone for Shares<T, C> {
    fn clone(&self) -> Self {
        Self { total: self.total, all: self.all.clone() }
    }
}

impl<T: Clone + Eq + Hash, C: Clone + Eq + Hash> Shares<T, C> {
    /// Divides `total`.
    pub fn new(total: u64) -> Self {
        let (by_tenant, by_credential) = (HashMap::new(), HashMap::new());
        let taken = Taken { by_all: 0, by_tenant, by_credential };
        Self { total, all: Arc::new(Mutex::new(taken)) }
    }

    /// Takes `amount` for a credential of a tenant; `None` if it is more than its share.
    pub fn take(&self, tenant: T, credential: C, amount: u64) -> Option<Share<T, C>> {
        let mut share = Share { of: self.clone(), tenant, credential, amount: 0 };
        share.grow(amount).then_some(share)
    }

    /// Returns how much is taken, by all together.
    pub fn taken(&self) -> u64 {
        self.lock().by_all
    }
}

impl<T: Eq + Hash, C: Eq + Hash> Shares<T, C> {
    fn lock(&self) -> MutexGuard<'_, Taken<T, C>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone + Eq + Hash, C: Clone + Eq + Hash> Share<T, C> {
    /// Takes `more`. Returns false, and takes nothing, if it is more than the share.
    #[must_use]
    pub fn grow(&mut self, more: u64) -> bool {
        if more == 0 {
            return true;
        }
        let mut taken = self.of.lock();
        let free = self.of.total.saturating_sub(taken.by_all);
        let of_tenant = held(&taken.by_tenant, &self.tenant).saturating_add(more);
        let of_credential = held(&taken.by_credential, &self.credential).saturating_add(more);
        let left = free.saturating_sub(more);
        if more > free || of_tenant > left || of_credential > left / 2 {
            return false;
        }
        taken.by_all += more;
        taken.by_tenant.insert(self.tenant.clone(), of_tenant);
        taken.by_credential.insert(self.credential.clone(), of_credential);
        self.amount += more;
        true
    }

    /// Returns all but `amount`.
    pub fn shrink(&mut self, amount: u64) {
        let surplus = self.amount.saturating_sub(amount);
        self.give_back(surplus);
    }
}

impl<T: Eq + Hash, C: Eq + Hash> Share<T, C> {
    /// Returns how much it is.
    pub const fn amount(&self) -> u64 {
        self.amount
    }

    fn give_back(&mut self, amount: u64) {
        if amount == 0 {
            return;
        }
        let mut taken = self.of.lock();
        taken.by_all = taken.by_all.saturating_sub(amount);
        subtract(&mut taken.by_tenant, &self.tenant, amount);
        subtract(&mut taken.by_credential, &self.credential, amount);
        self.amount -= amount;
    }
}

impl<T: Eq + Hash, C: Eq + Hash> Drop for Share<T, C> {
    fn drop(&mut self) {
        self.give_back(self.amount);
    }
}

fn held<K: Eq + Hash>(taken: &HashMap<K, u64>, key: &K) -> u64 {
    taken.get(key).copied().unwrap_or_default()
}

fn subtract<K: Eq + Hash>(taken: &mut HashMap<K, u64>, key: &K, amount: u64) {
    if let Some(held) = taken.get_mut(key) {
        *held = held.saturating_sub(amount);
        if *held == 0 {
            taken.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes one at a time until nothing more is given; returns what was taken.
    fn take_all(shares: &Shares<u8, u16>, tenant: u8, credential: u16) -> Share<u8, u16> {
        let mut share = shares.take(tenant, credential, 0).unwrap();
        while share.grow(1) {}
        share
    }

    #[test]
    fn one_credential_gets_a_third_and_all_of_a_tenant_half() {
        let shares = Shares::new(1_200);
        let first = take_all(&shares, 1, 1);
        assert_eq!(first.amount(), 400);
        let others: Vec<_> = (2..50).map(|credential| take_all(&shares, 1, credential)).collect();
        let of_others: u64 = others.iter().map(Share::amount).sum();
        assert!((180..=200).contains(&of_others), "{of_others}");
    }

    #[test]
    fn the_next_tenant_gets_a_part_however_many_are_greedy() {
        let shares = Shares::new(10_000);
        let mut greedy = Vec::new();
        for tenant in 0..20 {
            let share = take_all(&shares, tenant, tenant.into());
            assert!(share.amount() > 0, "tenant {tenant} gets nothing");
            greedy.push(share);
        }
        assert!(shares.taken() < 10_000, "a part stays free");
    }

    #[test]
    fn what_is_returned_can_be_taken_again() {
        let shares = Shares::new(90);
        let mut first = shares.take(1, 1, 30).unwrap();
        assert!(!first.grow(1), "it has its share");
        assert!(shares.take(1, 1, 1).is_none());
        first.shrink(10);
        assert_eq!((first.amount(), shares.taken()), (10, 10));
        assert!(first.grow(20));
        drop(first);
        assert_eq!(shares.taken(), 0);
        assert!(shares.all.lock().unwrap().by_tenant.is_empty(), "no entry stays");
        assert!(shares.take(1, 1, 30).is_some());
    }

    #[test]
    fn an_amount_larger_than_everything_is_never_given() {
        let shares = Shares::new(10);
        assert!(shares.take(1, 1, u64::MAX).is_none());
        assert_eq!(shares.taken(), 0);
    }
}
