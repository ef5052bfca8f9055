use std::fmt;

use tenancy::ClientId;

/// A slot bucket: keys of one bucket share a hash tag, so that one script may touch them all in a
/// Redis cluster. A tenant's keys are all in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u16);

impl Bucket {
    /// The bucket of what belongs to no tenant.
    pub(crate) const PLATFORM: Self = Self(0);

    pub(crate) fn all(count: u16) -> impl Iterator<Item = Self> {
        (0..count).map(Self)
    }

    /// The same on every machine and in every version: FNV-1a.
    pub(crate) fn of(client_id: &ClientId, count: u16) -> Self {
        let hash = client_id.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        // The remainder of a division by a u16 fits in one.
        Self((hash % u64::from(count.max(1))) as u16)
    }
}

/// The hash tag: `{b07}`.
impl fmt::Display for Bucket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{{b{:02}}}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_keeps_its_bucket_for_ever() {
        let bucket = |name: &str| Bucket::of(&name.parse().unwrap(), 16).to_string();
        assert_eq!(bucket("acme"), "{b15}");
        assert_eq!(bucket("globex"), "{b14}");
    }

    #[test]
    fn tenants_spread_over_all_buckets() {
        let used: std::collections::BTreeSet<_> = (0..200)
            .map(|number| Bucket::of(&format!("tenant-{number}").parse().unwrap(), 16))
            .collect();
        assert_eq!(used.len(), 16);
    }
}
