use std::fmt;

use tenancy::ClientId;

/// A group of Redis keys that share a hash tag, so that in a Redis cluster one script may use all
/// of them. All keys of a tenant are in one slot group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotGroup(u16);

impl SlotGroup {
    /// The slot group of keys that belong to no tenant.
    pub(crate) const PLATFORM: Self = Self(0);

    /// Returns all slot groups where there are `count` of them.
    pub(crate) fn all(count: u16) -> impl Iterator<Item = Self> {
        (0..count).map(Self)
    }

    /// Returns a tenant's slot group, the same on every machine and in every version: by FNV-1a.
    pub(crate) fn of(client_id: &ClientId, count: u16) -> Self {
        let hash = client_id.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        // The remainder of a division by a u16 fits in a u16.
        Self((hash % u64::from(count.max(1))) as u16)
    }
}

/// The hash tag: `{b07}`.
impl fmt::Display for SlotGroup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{{b{:02}}}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_always_has_the_same_slot_group() {
        let slot_group = |name: &str| SlotGroup::of(&name.parse().unwrap(), 16).to_string();
        assert_eq!(slot_group("acme"), "{b15}");
        assert_eq!(slot_group("globex"), "{b14}");
    }

    #[test]
    fn tenants_spread_over_all_slot_groups() {
        let used: std::collections::BTreeSet<_> = (0..200)
            .map(|number| SlotGroup::of(&format!("tenant-{number}").parse().unwrap(), 16))
            .collect();
        assert_eq!(used.len(), 16);
    }
}
