use std::{collections::BTreeSet, time::Duration};

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use tenancy::TenantContext;

use crate::{Aggregates, AggregatesError};

/// Bits of the filter for each name that it may have.
const BITS_OF_A_NAME: u64 = 10;
/// Positions of a name in the filter.
const POSITIONS: usize = 4;
/// The most names of one call: about three milliseconds of Redis's time.
const PIECE: usize = 1_000;
/// How long a day's filter is kept after its first name.
const KEPT: Duration = Duration::from_secs(2 * 86_400);

/// What names name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// Campaigns.
    Campaign,
    /// Products.
    Product,
}

/// The names of one kind that a tenant's events may have on one day (UTC). Those of another number are
/// counted separately: after a change, a day's names are admitted anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameBudget {
    /// What they name.
    pub kind: NameKind,
    /// The day.
    pub day: NaiveDate,
    /// How many different ones there may be.
    pub most: u64,
}

/// Which names are admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmittedNames {
    /// Whether each name that was asked for is admitted, in the same order.
    pub admitted: Vec<bool>,
    /// Whether no new name is admitted any more.
    pub is_full: bool,
}

/// The names of a day whose budget is used up. It does not change any more, so a process that has it decides
/// as everybody else.
#[derive(Clone, Debug)]
pub struct FullNames {
    bits: Vec<u8>,
    size: u64,
}

impl NameKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Campaign => "campaigns",
            Self::Product => "products",
        }
    }
}

impl NameBudget {
    /// Returns the budget of a tenant on a day.
    pub fn of(tenant: &TenantContext, kind: NameKind, day: NaiveDate) -> Self {
        let quotas = &tenant.limits().quotas;
        let most = match kind {
            NameKind::Campaign => quotas.campaigns_per_day,
            NameKind::Product => quotas.products_per_day,
        };
        Self { kind, day, most }
    }

    /// The number of bits of the filter.
    fn size(&self) -> u64 {
        self.most.saturating_mul(BITS_OF_A_NAME).clamp(64, u64::from(u32::MAX))
    }
}

impl AdmittedNames {
    /// Returns those of the `names` that were asked for which are not admitted.
    pub fn refused(&self, names: &[&str]) -> BTreeSet<String> {
        let refused = names.iter().zip(&self.admitted).filter(|(_, admitted)| !**admitted);
        refused.map(|(name, _)| (*name).to_owned()).collect()
    }
}

impl FullNames {
    /// Returns whether a name is among them.
    pub fn contains(&self, name: &str) -> bool {
        positions(name, self.size).iter().all(|position| {
            // Redis counts bits from the highest of each byte.
            let byte = usize::try_from(position / 8).ok().and_then(|byte| self.bits.get(byte));
            byte.is_some_and(|byte| byte & (0x80 >> (position % 8)) != 0)
        })
    }
}

impl Aggregates {
    /// Admits names that a tenant's events have, as far as its budget allows. All collectors together
    /// decide alike: a name that one of them was granted is granted to all.
    ///
    /// `None` while Redis is unavailable: then events keep their names.
    pub async fn admit_names(
        &self,
        tenant: &TenantContext,
        budget: NameBudget,
        names: &[&str],
    ) -> Option<AdmittedNames> {
        let mut all = AdmittedNames { admitted: Vec::with_capacity(names.len()), is_full: false };
        for piece in names.chunks(PIECE) {
            let AdmittedNames { admitted, is_full } =
                self.limited(self.try_admit_names(tenant, budget, piece)).await?;
            all.admitted.extend(admitted);
            all.is_full |= is_full;
        }
        Some(all)
    }

    async fn try_admit_names(
        &self,
        tenant: &TenantContext,
        budget: NameBudget,
        names: &[&str],
    ) -> Result<AdmittedNames, AggregatesError> {
        let keys = self.keys.tenant(tenant.client_id());
        let (kind, size) = (budget.kind.as_str(), budget.size());
        let NameBudget { day, most, .. } = budget;
        let mut invocation = self.scripts.admit_names.prepare_invoke();
        invocation
            .key(keys.names(kind, day, most))
            .key(keys.name_count(kind, day, most))
            .arg(most)
            .arg(KEPT.as_secs())
            .arg(POSITIONS);
        for name in names {
            invocation.arg(positions(name, size).as_slice());
        }
        let answer: Vec<i64> = invocation.invoke_async(&mut self.connection()).await?;
        let Some((is_full, admitted)) = answer.split_first() else {
            return Err(AggregatesError::Unreadable("an empty answer about names".to_owned()));
        };
        let admitted = admitted.iter().map(|admitted| *admitted == 1).collect();
        Ok(AdmittedNames { admitted, is_full: *is_full == 1 })
    }

    /// Returns the names of a budget that is used up; `None` while Redis is unavailable, and if it has lost
    /// them.
    pub async fn full_names(
        &self,
        tenant: &TenantContext,
        budget: NameBudget,
    ) -> Option<FullNames> {
        let keys = self.keys.tenant(tenant.client_id());
        let key = keys.names(budget.kind.as_str(), budget.day, budget.most);
        let mut command = redis::cmd("GET");
        command.arg(key);
        let read = async {
            let bits: Option<Vec<u8>> = command.query_async(&mut self.connection()).await?;
            Ok::<_, AggregatesError>(bits)
        };
        let bits = self.limited(read).await??;
        Some(FullNames { bits, size: budget.size() })
    }
}

/// Returns the positions of a name in a filter of `size` bits.
fn positions(name: &str, size: u64) -> [u64; POSITIONS] {
    let digest: [u8; 32] = Sha256::digest(name).into();
    let mut positions = [0; POSITIONS];
    for (position, bytes) in positions.iter_mut().zip(digest.as_chunks().0) {
        *position = u64::from_be_bytes(*bytes) % size.max(1);
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_filter_has_its_names_and_few_others() {
        let size = 1_000 * BITS_OF_A_NAME;
        let mut bits = vec![0_u8; size as usize / 8];
        for number in 0..1_000 {
            for position in positions(&format!("known {number}"), size) {
                bits[position as usize / 8] |= 0x80 >> (position % 8);
            }
        }
        let names = FullNames { bits, size };
        assert!((0..1_000).all(|number| names.contains(&format!("known {number}"))));
        let others = (0..10_000).filter(|number| names.contains(&format!("new {number}"))).count();
        assert!(others < 200, "{others} of 10,000");
    }
}
