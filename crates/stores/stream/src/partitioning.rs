//! Chooses the partition of an event: shuffle sharding.

use log::Partition;
use tenancy::TenantContext;
use uuid::Uuid;

/// Returns the partition of `tenant`'s event `event_id` in a log of `partitions` partitions.
///
/// A tenant has `partition_spread` partitions, chosen by rendezvous hash of its id. Each event goes
/// to one of those, chosen by rendezvous hash of the event's id. So copies of an event go to one
/// partition, two tenants rarely share all their partitions, and a change of the spread moves as
/// few events as possible.
pub fn partition_of(tenant: &TenantContext, event_id: Uuid, partitions: u16) -> Partition {
    Subset::new(tenant.client_id().as_str(), tenant.limits().partition_spread, partitions)
        .partition_of(event_id)
}

/// The partitions of one tenant.
pub(crate) struct Subset(Vec<Partition>);

impl Subset {
    pub(crate) fn new(client_id: &str, spread: u16, partitions: u16) -> Self {
        let key = Key::of(client_id.as_bytes());
        let mut ranked: Vec<_> = Partition::all(partitions).collect();
        ranked.sort_by_cached_key(|partition| std::cmp::Reverse(key.score(*partition)));
        ranked.truncate(usize::from(spread.max(1)));
        Self(ranked)
    }

    pub(crate) fn partition_of(&self, event_id: Uuid) -> Partition {
        let key = Key::of(event_id.as_bytes());
        let candidates = self.0.iter().copied();
        candidates.max_by_key(|partition| key.score(*partition)).unwrap_or(Partition::new(0))
    }
}

/// The FNV-1a hash of a key, which is the same for every partition that it is scored with.
#[derive(Clone, Copy)]
struct Key(u64);

impl Key {
    fn of(key: &[u8]) -> Self {
        Self(0xcbf2_9ce4_8422_2325).with(key)
    }

    fn with(self, bytes: &[u8]) -> Self {
        let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(self.0, fnv))
    }

    /// Returns the rank of `partition` for this key. Part of the log's format: if it changed,
    /// copies of an event would go to different partitions.
    fn score(self, partition: Partition) -> u64 {
        // FNV-1a over both, then MurmurHash3's finaliser, which separates similar keys.
        let Self(hash) = self.with(&partition.get().to_be_bytes());
        let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^ (hash >> 33)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    const PARTITIONS: u16 = 12;

    fn ids(count: u128) -> impl Iterator<Item = Uuid> {
        (0..count).map(|n| Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n))
    }

    #[test]
    fn the_choice_never_changes_between_versions() {
        let subset = Subset::new("acme", 4, PARTITIONS);
        assert_eq!(subset.0, [3, 2, 5, 11].map(Partition::new));
        let chosen: Vec<_> = ids(8).map(|id| subset.partition_of(id)).collect();
        assert_eq!(chosen, [5, 2, 11, 5, 3, 2, 5, 5].map(Partition::new));
    }

    #[test]
    fn a_spread_of_one_is_one_partition_and_a_larger_one_is_all_of_its_own() {
        for spread in [1, 4, 12, 100] {
            let subset = Subset::new("open-bandit", spread, PARTITIONS);
            let used: BTreeSet<_> = ids(1_000).map(|id| subset.partition_of(id)).collect();
            assert_eq!(used.len(), usize::from(spread.min(PARTITIONS)), "spread {spread}");
        }
        assert_eq!(Subset::new("open-bandit", 0, PARTITIONS).0.len(), 1);
    }

    #[test]
    fn neighbouring_ids_spread_evenly() {
        let subset = Subset::new("acme", PARTITIONS, PARTITIONS);
        let mut counts = BTreeMap::<_, u32>::new();
        for id in ids(12_000) {
            *counts.entry(subset.partition_of(id)).or_default() += 1;
        }
        assert!(counts.values().all(|count| (850..1_150).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_larger_spread_moves_only_what_its_new_partition_takes() {
        let four = Subset::new("acme", 4, PARTITIONS);
        let five = Subset::new("acme", 5, PARTITIONS);
        let added = *five.0.last().unwrap();
        let moved = ids(10_000).filter(|id| four.partition_of(*id) != five.partition_of(*id));
        let targets: Vec<_> = moved.map(|id| five.partition_of(id)).collect();
        assert!(targets.iter().all(|partition| *partition == added));
        assert!((1_700..2_300).contains(&targets.len()), "{}", targets.len());
    }

    #[test]
    fn two_tenants_rarely_share_all_partitions() {
        let subsets: BTreeSet<_> = (0..100)
            .map(|n| {
                let mut subset = Subset::new(&format!("tenant-{n}"), 4, PARTITIONS).0;
                subset.sort_unstable();
                subset
            })
            .collect();
        assert!(subsets.len() > 70, "{}", subsets.len());
    }
}
